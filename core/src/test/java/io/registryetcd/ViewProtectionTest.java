package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.changes;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Instances that vanish as by accident stay for a while, flagged; those that leave as instances do
 * are gone at once.
 */
class ViewProtectionTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private static final String RANGE = "kitex/registry-etcd/Hello/";
  private static final Duration HOLD = Duration.ofSeconds(2);

  private final StoredKeys keys = new StoredKeys(server.etcd());

  /** Lets go soon: to see that it does. What it holds may be gone before anybody looks. */
  private EtcdConfig.Builder brief() {
    return config(server.endpoint()).holdTime(HOLD);
  }

  /** Lets go of nothing while a test lasts: to see what is held. */
  private EtcdConfig.Builder patient() {
    return config(server.endpoint()).holdTime(Duration.ofMinutes(10));
  }

  private ServiceView viewOf(int instances, EtcdConfig config) {
    for (int i = 1; i <= instances; i++) {
      put(8000 + i);
    }
    return anotherViewOf(instances, config);
  }

  private ServiceView anotherViewOf(int instances, EtcdConfig config) {
    ServiceView view = peers.resolver(config).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == instances);
    return view;
  }

  private void put(int port) {
    keys.put(RANGE + "127.0.0.1:" + port, value("127.0.0.1:" + port, 10));
  }

  private void deleteAll() {
    server.etcd().etcdctl("del", "--prefix", RANGE);
  }

  @Test
  void allAtOnceAreHeldAndThenLetGo() {
    ServiceView holding = viewOf(3, patient().build());
    ServiceView view = anotherViewOf(3, brief().build());
    List<Change> changes = changes(view);
    await().until(() -> changes.size() == 1);
    long start = System.nanoTime();
    deleteAll();
    await().atMost(SOON).until(() -> holding.snapshot().unconfirmed().size() == 3);
    assertThat(holding.snapshot().size()).isEqualTo(3);
    await("released after the hold time")
        .atMost(HOLD.plus(SOON))
        .until(() -> view.snapshot().isEmpty());
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(HOLD);
    assertThat(view.snapshot().unconfirmed()).isEmpty();
    await().until(() -> changes.size() == 2);
    assertThat(changes.get(1).removed()).hasSize(3);
  }

  @Test
  void heldInstanceThatComesBackIsConfirmedWithoutAChange() {
    ServiceView view = viewOf(2, patient().build());
    List<Change> changes = changes(view);
    await().until(() -> changes.size() == 1);
    deleteAll();
    await().atMost(SOON).until(() -> view.snapshot().unconfirmed().size() == 2);
    put(8001);
    await().atMost(SOON).until(() -> view.snapshot().unconfirmed().equals(Set.of(instance(8002))));
    assertThat(view.snapshot().size()).isEqualTo(2);
    put(8003);
    await().until(() -> changes.size() == 2);
    assertThat(changes.get(1).added()).containsExactly(instance(8003));
    assertThat(changes.get(1).updated()).isEmpty();
  }

  @Test
  void newInstanceIsShownWhileOthersAreHeld() {
    ServiceView view = viewOf(2, patient().build());
    deleteAll();
    await().atMost(SOON).until(() -> view.snapshot().unconfirmed().size() == 2);
    put(8009);
    await().atMost(Duration.ofSeconds(2)).until(() -> view.snapshot().size() == 3);
  }

  @Test
  void singleRemovalIsNeverHeldNotEvenTheLast() {
    ServiceView view = viewOf(2, patient().build());
    keys.delete(RANGE + "127.0.0.1:8001");
    await().atMost(Duration.ofSeconds(2)).until(() -> view.snapshot().size() == 1);
    assertThat(view.snapshot().unconfirmed()).isEmpty();
    // the second removal comes more than a second after the first
    await().pollDelay(Duration.ofMillis(1200)).until(() -> true);
    keys.delete(RANGE + "127.0.0.1:8002");
    await().atMost(Duration.ofSeconds(2)).until(() -> view.snapshot().isEmpty());
  }

  @Test
  void lossOfMoreThanHalfIsHeldOnlyIfAskedFor() {
    ServiceView holding = viewOf(4, patient().holdMajorityLoss(true).build());
    ServiceView released = anotherViewOf(4, brief().holdMajorityLoss(true).build());
    ServiceView plain = anotherViewOf(4, config(server.endpoint()).build());
    server.etcd().etcdctl("del", RANGE + "127.0.0.1:8001", RANGE + "127.0.0.1:8004");
    await().atMost(SOON).until(() -> plain.snapshot().size() == 1);
    await().atMost(SOON).until(() -> holding.snapshot().unconfirmed().size() == 3);
    assertThat(holding.snapshot().size()).isEqualTo(4);
    await().atMost(HOLD.plus(SOON)).until(() -> released.snapshot().size() == 1);
  }

  @Test
  void whatAnEmptyEtcdNoLongerHoldsStaysUnconfirmed() {
    ServiceView view = viewOf(2, patient().build());
    ServiceView released = anotherViewOf(2, brief().build());
    server.etcd().kill();
    server.etcd().wipe();
    server.etcd().restart();
    await("vanished instances are unconfirmed after a wipe")
        .atMost(SOON)
        .until(() -> view.snapshot().isLive() && view.snapshot().unconfirmed().size() == 2);
    put(8001);
    await().atMost(SOON).until(() -> view.snapshot().unconfirmed().equals(Set.of(instance(8002))));
    await().atMost(HOLD.plus(SOON)).until(() -> released.snapshot().size() == 1);
  }

  @Test
  void zeroHoldTimeTurnsItOff() {
    ServiceView view = viewOf(3, config(server.endpoint()).holdTime(Duration.ZERO).build());
    deleteAll();
    await().atMost(Duration.ofSeconds(2)).until(() -> view.snapshot().isEmpty());
  }
}
