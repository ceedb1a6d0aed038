package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.registered;
import static io.registryetcd.TestPeers.steps;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.Reason;
import io.registryetcd.Registration.State;
import io.registryetcd.Registration.StateChange;
import io.registryetcd.StoredKeys.Stored;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Two processes at one address: the newest {@code register()} owns the key, and neither spoils it
 * for the other.
 */
class TakeoverTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private final StoredKeys keys = new StoredKeys(server.etcd());

  private static final String KEY = "kitex/registry-etcd/Hello/127.0.0.1:8001";

  @Test
  void restartedProcessTakesTheKeyOverAndItOutlivesTheOldLease() {
    String crashed = keys.grant(60);
    keys.put(KEY, value("127.0.0.1:8001", 10), crashed);

    server.etcd().pause(); // until somebody listens
    Registration hello = peers.registry(server.endpoint()).register("Hello", instance(8001));
    List<StateChange> steps = steps(hello);
    server.etcd().resume();
    hello.await(SOON);
    await().until(() -> !steps.isEmpty());
    assertThat(steps.get(0).reason()).isEqualTo(Reason.TOOK_OVER);
    Stored taken = keys.at(KEY).orElseThrow();
    keys.revoke(crashed);
    assertThat(keys.at(KEY)).contains(taken);
    assertThat(hello.state()).isEqualTo(State.REGISTERED);
  }

  @Test
  void ofTwoLiveProcessesTheNewerWinsAndTheKeyIsNotFoughtOver() {
    Registration older = registered(peers.registry(server.endpoint()), "Hello", 8001);
    Registration newer = registered(peers.registry(server.endpoint()), "Hello", 8001);
    await("the older is told").atMost(SOON).until(() -> older.state() == State.CONFLICT);

    Stored won = keys.at(KEY).orElseThrow();
    await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
    assertThat(keys.at(KEY)).as("with the revisions of its creation and last put").contains(won);
    assertThat(newer.state()).isEqualTo(State.REGISTERED);
    assertThat(older.state()).isEqualTo(State.CONFLICT);
  }

  @Test
  void oldProcessThatLeavesLateDoesNotDeleteTheKeyOfTheNewOne() {
    EtcdRegistry oldRegistry = peers.registry(server.endpoint());
    Registration older = registered(oldRegistry, "Hello", 8001);
    Registration newer = registered(peers.registry(server.endpoint()), "Hello", 8001);
    Stored taken = keys.at(KEY).orElseThrow();

    older.close();
    oldRegistry.close();
    assertThat(keys.at(KEY)).contains(taken);
    assertThat(newer.state()).isEqualTo(State.REGISTERED);
    assertThat(keys.leases()).hasSize(1);
  }

  @Test
  void theOlderRegistersAgainWhenTheNewerLeaves() {
    Registration older = registered(peers.registry(server.endpoint()), "Hello", 8001);
    Registration newer = registered(peers.registry(server.endpoint()), "Hello", 8001);
    await().atMost(SOON).until(() -> older.state() == State.CONFLICT);
    newer.close();
    await("the older is back").atMost(SOON).until(() -> older.state() == State.REGISTERED);
    assertThat(keys.has(KEY)).isTrue();
  }

  @Test
  void theSameAddressTwiceInOneRegistryIsRefused() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    Registration hello = registered(registry, "Hello", 8001);
    assertThatThrownBy(() -> registry.register("Hello", instance(8001)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(hello.key());
    ((LeasedRegistration) hello).closeAsync().join();
    registered(registry, "Hello", 8001);
  }
}
