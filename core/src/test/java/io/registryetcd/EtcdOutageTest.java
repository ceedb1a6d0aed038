package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.changes;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.laterSteps;
import static io.registryetcd.TestPeers.registered;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.NoInstanceException.Reason;
import io.registryetcd.Registration.State;
import io.registryetcd.Registration.StateChange;
import io.registryetcd.Snapshot.Freshness;
import io.registryetcd.StoredKeys.Stored;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.FaultProxy;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * etcd goes away, freezes, comes back, comes back empty: what is registered is registered again
 * without anybody's help, and readers keep what they knew.
 */
class EtcdOutageTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  /** The shortest time to live that can be asked for, and with it a backoff of at most 0.5 s. */
  private static final Duration TTL = Duration.ofSeconds(2);

  /**
   * One backoff, the jitter of 0.5 s after a lost lease and some round trips; the rest is for a
   * slow machine.
   */
  private static final Duration RECOVERY = Duration.ofSeconds(5);

  private static final Duration OFTEN = Duration.ofMillis(200);

  private final TestEtcd etcd = server.etcd();
  private final StoredKeys keys = new StoredKeys(etcd);

  private EtcdConfig quick(String endpoint) {
    return config(endpoint).leaseTtl(TTL).build();
  }

  private static void pass(Duration time) {
    await().pollDelay(time).atMost(time.plusSeconds(20)).until(() -> true);
  }

  @Test
  void restartKeepsTheLeaseAndShowsNobodyGone() {
    EtcdRegistry registry = peers.registry(etcd.endpoint());
    Registration a = registered(registry, "Hello", 8001);
    Registration b = registered(registry, "Hello", 8002);
    ServiceView view = peers.resolver(etcd.endpoint()).view("Hello");
    List<Change> changes = changes(view);
    await().atMost(SOON).until(() -> view.snapshot().size() == 2);
    Stored storedA = keys.at(a.key()).orElseThrow();
    Stored storedB = keys.at(b.key()).orElseThrow();

    etcd.kill();
    await().atMost(SOON).until(() -> !view.snapshot().isLive());
    etcd.restart();
    await("view is live after a restart").atMost(RECOVERY).until(() -> view.snapshot().isLive());
    registered(registry, "Other", 8001);
    await().atMost(SOON).until(() -> a.state() == State.REGISTERED);
    assertThat(keys.at(a.key())).contains(storedA);
    assertThat(keys.at(b.key())).contains(storedB);
    assertThat(changes).allSatisfy(change -> assertThat(change.removed()).isEmpty());
  }

  @Test
  void lastStateIsServedWithItsAgeWhileEtcdIsAway() {
    EtcdRegistry registry = peers.registry(etcd.endpoint());
    registered(registry, "Hello", 8001);
    EtcdResolver resolver = peers.resolver(etcd.endpoint());
    Snapshot live = resolver.resolve("Hello");
    assertThat(live.age()).isEmpty();

    etcd.kill();
    await().atMost(SOON).until(() -> !resolver.resolve("Hello").isLive());
    Snapshot stale = resolver.resolve("Hello");
    assertThat(stale.freshness()).isEqualTo(Freshness.STALE);
    assertThat(stale.instances()).isEqualTo(live.instances());
    Duration age = stale.age().orElseThrow();
    await().until(() -> stale.age().orElseThrow().compareTo(age) > 0);
    assertThat(resolver.view("Hello").problem()).containsInstanceOf(EtcdUnreachableException.class);

    etcd.restart();
    await().atMost(RECOVERY).until(() -> resolver.resolve("Hello").isLive());
    assertThat(resolver.resolve("Hello").age()).isEmpty();
    assertThat(resolver.view("Hello").problem()).isEmpty();
  }

  @Test
  void leaseThatSurvivesALongOutageIsKept() {
    Registration hello = registered(peers.registry(etcd.endpoint()), "Hello", 8001);
    List<StateChange> steps = laterSteps(hello);
    Stored before = keys.at(hello.key()).orElseThrow();

    etcd.kill();
    await("told when a whole time to live has passed")
        .atMost(Duration.ofSeconds(20))
        .until(() -> hello.state() == State.RETRYING);
    etcd.restart();
    await("registered after an outage of a time to live, lease survived")
        .atMost(RECOVERY)
        .until(() -> hello.state() == State.REGISTERED);
    assertThat(keys.at(hello.key())).contains(before);
    assertThat(steps.get(0).reason()).isEqualTo(Registration.Reason.UNREACHABLE);
  }

  @Test
  void leaseThatEndedDuringACutIsReplaced() {
    try (FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
      Registration hello = registered(peers.registry(quick(proxy.endpoint())), "Hello", 8001);
      long before = keys.lease(hello.key());
      proxy.refuse();
      proxy.closeConnections();
      await("key of a process that is cut off ends with its lease")
          .atMost(TTL.plusSeconds(3))
          .until(() -> !keys.has(hello.key()));
      proxy.pass();
      await("registered after a cut, lease lost")
          .atMost(RECOVERY)
          .until(() -> keys.has(hello.key()));
      assertThat(keys.lease(hello.key())).isNotEqualTo(before);
      await().atMost(SOON).until(() -> hello.state() == State.REGISTERED);
    }
  }

  @Test
  void etcdThatComesBackEmptyIsFilledAgain() {
    EtcdRegistry registry = peers.registry(etcd.endpoint());
    Registration a = registered(registry, "Hello", 8001);
    Registration b = registered(peers.registry(etcd.endpoint()), "Hello", 8002);
    ServiceView view = peers.resolver(etcd.endpoint()).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 2);
    List<Change> changes = changes(view);

    etcd.kill();
    etcd.wipe();
    etcd.restart();
    await("registered in an etcd that came back empty")
        .atMost(RECOVERY)
        .until(() -> keys.has(a.key()) && keys.has(b.key()));
    await("view confirmed after a wipe")
        .atMost(RECOVERY)
        .until(() -> view.snapshot().isLive() && view.snapshot().unconfirmed().isEmpty());
    assertThat(view.snapshot().size()).isEqualTo(2);
    assertThat(changes).allSatisfy(change -> assertThat(change.snapshot().size()).isEqualTo(2));
    await().atMost(SOON).until(() -> keys.leases().size() == 2);
  }

  @Test
  void etcdThatIsFrozenLongerThanTheLeaseLosesNobody() {
    Registration a = registered(peers.registry(quick(etcd.endpoint())), "Hello", 8001);
    Registration b = registered(peers.registry(quick(etcd.endpoint())), "Hello", 8002);
    ServiceView view = peers.resolver(etcd.endpoint()).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 2);
    List<Change> changes = changes(view);

    etcd.pause();
    pass(TTL.multipliedBy(2));
    etcd.resume();
    // a lone etcd revokes on waking what it takes for expired: the keys may go once more before
    // they are put again
    await("registered after a freeze of 2 TTL")
        .atMost(RECOVERY)
        .until(
            () ->
                a.state() == State.REGISTERED
                    && b.state() == State.REGISTERED
                    && keys.has(a.key())
                    && keys.has(b.key()));
    await()
        .atMost(RECOVERY)
        .until(() -> view.snapshot().size() == 2 && view.snapshot().unconfirmed().isEmpty());
    assertThat(changes).noneSatisfy(change -> assertThat(change.snapshot().size()).isZero());
  }

  @Test
  void registeringAndResolvingMayBeginWithoutEtcd() {
    etcd.kill();
    Registration hello = peers.registry(etcd.endpoint()).register("Hello", instance(8001));
    EtcdResolver resolver =
        peers.resolver(config(etcd.endpoint()).resolveTimeout(Duration.ofSeconds(1)).build());
    ServiceView view = resolver.view("Hello");
    await().until(() -> view.problem().isPresent());

    long start = System.nanoTime();
    assertThatThrownBy(() -> resolver.resolve("Other"))
        .isInstanceOfSatisfying(
            NoInstanceException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE))
        .hasCauseInstanceOf(EtcdUnreachableException.class)
        .hasMessageContaining(etcd.endpoint());
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(500), Duration.ofSeconds(3));
    assertThatThrownBy(() -> hello.await(Duration.ofMillis(100)))
        .isInstanceOf(EtcdUnreachableException.class)
        .hasMessageContaining(hello.key());
    assertThat(hello.state()).isEqualTo(State.REGISTERING);
    assertThat(hello.whenRegistered()).isNotDone();
    assertThat(view.whenReady()).isNotDone();
    assertThat(view.snapshot().freshness()).isEqualTo(Freshness.PENDING);

    etcd.restart();
    await("registered after etcd appeared")
        .atMost(RECOVERY)
        .until(() -> hello.whenRegistered().isDone());
    await("resolved after etcd appeared")
        .atMost(RECOVERY)
        .until(() -> view.whenReady().isDone() && view.snapshot().size() == 1);
    assertThat(resolver.resolve("Hello").instances()).containsExactly(instance(8001));
  }

  @Test
  void whatIsAskedForWhileEtcdIsAwayIsDoneWhenItIsBack() {
    EtcdRegistry registry = peers.registry(etcd.endpoint());
    Registration updated = registered(registry, "Updated", 8001);
    Registration paused = registered(registry, "Paused", 8001);
    Registration resumed = registered(registry, "Resumed", 8001);
    Registration closed = registered(registry, "Closed", 8001);
    etcd.kill();
    updated.update(77, Map.of("zone", "b"));
    paused.pause();
    resumed.pause();
    resumed.resume();
    closed.close();
    Registration fresh = registry.register("Fresh", instance(8001));

    etcd.restart();
    await("done after the outage")
        .atMost(RECOVERY)
        .until(
            () ->
                keys.keys("").equals(List.of(fresh.key(), resumed.key(), updated.key()))
                    && keys.value(updated.key()).contains("\"weight\":77"));
    await()
        .atMost(RECOVERY)
        .until(
            () ->
                updated.state() == State.REGISTERED
                    && paused.state() == State.PAUSED
                    && resumed.state() == State.REGISTERED
                    && closed.state() == State.CLOSED);
    paused.resume();
    await().atMost(SOON).until(() -> keys.has(paused.key()));
  }

  @Test
  void emptyEtcdWhoseRevisionsOvertookOursIsFoundByTheRegularList() {
    try (TestEtcd other = TestEtcd.start();
        FaultProxy proxy = FaultProxy.to(other.endpoint())) {
      StoredKeys stored = new StoredKeys(other);
      RetryConfig retry = RetryConfig.DEFAULT.withObserveDelay(OFTEN);
      Registration hello =
          registered(peers.registry(config(proxy.endpoint()).retry(retry).build()), "Hello", 8001);
      stored.put("kitex/registry-etcd/Hello/127.0.0.1:8002", value("127.0.0.1:8002", 10));
      EtcdConfig often = config(proxy.endpoint()).antiEntropyPeriod(OFTEN).holdTime(OFTEN).build();
      ServiceView view = peers.resolver(often).view("Hello");
      await().atMost(SOON).until(() -> view.snapshot().size() == 2);

      proxy.refuse();
      proxy.closeConnections();
      other.wipe();
      other.restart();
      for (int i = 0; i < 10; i++) {
        stored.put("filler", Integer.toString(i));
      }
      proxy.pass();
      await("ghost found by the regular list")
          .atMost(RECOVERY)
          .until(
              () ->
                  view.snapshot().isLive()
                      && view.snapshot().instances().equals(List.of(instance(8001)))
                      && stored.has(hello.key()));
    }
  }
}
