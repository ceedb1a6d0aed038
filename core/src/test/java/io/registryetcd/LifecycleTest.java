package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.registered;
import static io.registryetcd.TestPeers.steps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.Registration.StateChange;
import io.registryetcd.Snapshot.Freshness;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What shares a session, what closes with what, and what a closed thing still does. */
class LifecycleTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private final StoredKeys keys = new StoredKeys(server.etcd());

  @Test
  void registryAndResolverOfOneSessionShareItsStreamsAndLiveApart() {
    EtcdSession session = peers.closing(EtcdSession.create(config(server.endpoint()).build()));
    EtcdRegistry registry = EtcdRegistry.create(session);
    EtcdResolver resolver = EtcdResolver.create(session);
    Registration hello = registered(registry, "Hello", 8001);
    assertThat(resolver.resolve("Hello").size()).isEqualTo(1);
    await().until(() -> keys.open("Watch") == 1 && keys.open("LeaseKeepAlive") == 1);

    resolver.close();
    hello.update(20, Map.of());
    await().atMost(SOON).until(() -> keys.value(hello.key()).contains("20"));
    EtcdResolver another = EtcdResolver.create(session);
    assertThat(another.resolve("Hello").size()).isEqualTo(1);
    registry.close();
    assertThat(keys.has(hello.key())).isFalse();
    await().atMost(SOON).until(() -> keys.leases().isEmpty());
    ServiceView view = another.view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().isEmpty());
    registered(EtcdRegistry.create(session), "Hello", 8002);
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);

    session.close();
    assertThat(keys.keys("")).isEmpty();
    assertThat(keys.leases()).isEmpty();
  }

  @Test
  void closedRegistryAndResolverSaySo() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    EtcdResolver resolver = peers.resolver(server.endpoint());
    Registration hello = registry.register("Hello", instance(8001));
    registry.close();
    registry.close();
    resolver.close();
    resolver.close();
    assertThatThrownBy(() -> registry.register("Hello", instance(8001)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> resolver.resolve("Hello"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> resolver.view("Hello"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThat(hello.state()).isEqualTo(State.CLOSED);
    hello.close();
    hello.pause();
    hello.resume();
    hello.update(1, Map.of());
    hello.retryNow();
    assertThat(keys.keys("")).isEmpty();
  }

  @Test
  void closingFromManyThreadsAtOnceIsOneClosing() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    registered(registry, "Hello", 8001);
    List<CompletableFuture<Void>> closing = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      closing.add(CompletableFuture.runAsync(registry::close, task -> new Thread(task).start()));
    }
    await().atMost(SOON).until(() -> closing.stream().allMatch(CompletableFuture::isDone));
    assertThat(keys.keys("")).isEmpty();
    assertThat(keys.leases()).isEmpty();
  }

  @Test
  void registrationClosedBeforeItsKeyWasThereTellsWhoWaits() {
    server.etcd().pause();
    EtcdRegistry registry = peers.registry(server.endpoint());
    Registration hello = registry.register("Hello", instance(8001));
    hello.close();
    server.etcd().resume();
    await().atMost(SOON).until(() -> hello.state() == State.CLOSED);
    await().atMost(SOON).until(() -> hello.whenRegistered().isCompletedExceptionally());
    assertThatThrownBy(() -> hello.await(Duration.ofSeconds(1)))
        .isInstanceOf(RegistryException.class);
    assertThat(keys.keys("")).isEmpty();
    await().atMost(SOON).until(() -> keys.leases().isEmpty());
  }

  @Test
  void shutdownDeregistersFirstAndServesOnForTheDrainTime() {
    EtcdRegistry registry =
        peers.registry(config(server.endpoint()).leaseTtl(Duration.ofMinutes(2)).build());
    Registration hello = registered(registry, "Hello", 8001);
    Thread draining = new Thread(() -> registry.shutdown(Duration.ofMinutes(10)));
    draining.setDaemon(true);
    draining.start();
    await("key gone after shutdown began").atMost(SOON).until(() -> !keys.has(hello.key()));
    assertThat(draining.isAlive()).isTrue();
    draining.interrupt();
    await().atMost(SOON).until(() -> !draining.isAlive());
    await().atMost(SOON).until(() -> keys.leases().isEmpty());
  }

  @Test
  void gracefulShutdownTakesItsStepsInOrderThoughOneFails() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    Registration hello = registered(registry, "Hello", 8001);
    Registration other = registered(registry, "Other", 8001);
    List<String> steps = new ArrayList<>();
    GracefulShutdown.of(hello)
        .drainDelay(Duration.ofMillis(100))
        .then(() -> steps.add("key there: " + keys.has(hello.key())))
        .then(
            () -> {
              throw new IllegalStateException("planned");
            })
        .then(() -> steps.add("last"))
        .run();
    assertThat(steps).containsExactly("key there: false", "last");
    assertThat(other.state()).isEqualTo(State.REGISTERED);
  }

  @Test
  void stoppingOneServerLeavesTheOthersOfItsRegistryThoughAllEndWithTheProcess() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    Registration hello = registered(registry, "Hello", 8001);
    Registration other = registered(registry, "Other", 8001);
    GracefulShutdown first = GracefulShutdown.of(hello).drainDelay(Duration.ZERO).installHook();
    GracefulShutdown.of(other).installHook();

    first.run();

    assertThat(hello.state()).isEqualTo(State.CLOSED);
    assertThat(other.state()).isEqualTo(State.REGISTERED);
    registered(registry, "Hello", 8002);
  }

  @Test
  void aShutdownWaitsForNobodyWhenAllIsDeregisteredAlready() {
    Registration hello = registered(peers.registry(server.endpoint()), "Hello", 8001);
    GracefulShutdown shutdown = GracefulShutdown.of(hello).drainDelay(Duration.ofMinutes(10));
    ended(hello);

    CompletableFuture<Void> done =
        CompletableFuture.runAsync(shutdown::run, task -> new Thread(task).start());

    await().atMost(SOON).until(done::isDone);
  }

  @Test
  void aStepMayAskForTheShutdownThatItIsPartOf() {
    Registration hello = registered(peers.registry(server.endpoint()), "Hello", 8001);
    GracefulShutdown shutdown = GracefulShutdown.of(hello).drainDelay(Duration.ZERO);
    List<String> steps = new ArrayList<>();
    shutdown.then(shutdown::run).then(() -> steps.add("last"));

    CompletableFuture<Void> done =
        CompletableFuture.runAsync(shutdown::run, task -> new Thread(task).start());

    await().atMost(SOON).until(done::isDone);
    assertThat(steps).containsExactly("last");
  }

  @Test
  void theEndOfASessionIsToldToAllThatShareIt() {
    EtcdSession session = peers.closing(EtcdSession.create(config(server.endpoint()).build()));
    EtcdRegistry registry = EtcdRegistry.create(session);
    EtcdResolver resolver = EtcdResolver.create(session);
    Registration hello = registered(registry, "Hello", 8001);
    ServiceView view = resolver.view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);
    server.etcd().pause();
    Registration late = registry.register("Late", instance(8001));
    List<StateChange> steps = steps(hello);

    session.closeAsync().join(); // the frozen etcd makes it last
    session.close();
    server.etcd().resume();

    assertThat(hello.state()).isEqualTo(State.CLOSED);
    assertThat(late.state()).isEqualTo(State.CLOSED);
    await().atMost(SOON).until(() -> late.whenRegistered().isCompletedExceptionally());
    await().atMost(SOON).until(() -> steps.stream().anyMatch(s -> s.to() == State.CLOSED));
    assertThat(view.snapshot().freshness()).isEqualTo(Freshness.STALE);
    assertThat(view.snapshot().instances()).extracting(Instance::port).containsExactly(8001);
    assertThat(view.problem()).containsInstanceOf(EtcdUnreachableException.class);
    assertThat(resolver.resolve("Hello").size()).isEqualTo(1);
    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            () -> registry.register("More", instance(8001)), () -> resolver.resolve("More"))) {
      assertThatThrownBy(use)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("session closed");
    }
    registry.close();
    resolver.close();
  }

  @Test
  void twoRegistriesOfASessionCannotBothRegisterAKey() {
    EtcdSession session = peers.closing(EtcdSession.create(config(server.endpoint()).build()));
    Registration hello = EtcdRegistry.create(session).register("Hello", instance(8001));
    EtcdRegistry second = EtcdRegistry.create(session);

    assertThatThrownBy(() -> second.register("Hello", instance(8001)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("registered already: " + hello.key());

    ended(hello);
    registered(second, "Hello", 8001);
  }

  @Test
  void viewThatNobodyUsesIsClosedAndOpenedAgainWhenNeeded() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    Registration hello = registered(registry, "Hello", 8001);
    registered(registry, "Pinned", 8001);
    EtcdResolver resolver =
        peers.resolver(config(server.endpoint()).idleViewTimeout(Duration.ofSeconds(1)).build());
    ServiceView used = resolver.view("Hello");
    used.whenReady().join();
    ServiceView pinned = resolver.view("Pinned");
    pinned.whenReady().join();
    await("two keys and two views are watched").atMost(SOON).until(() -> watchers() == 4);
    used.close();
    await("idle view is no longer watched").atMost(SOON).until(() -> watchers() == 3);

    hello.update(20, Map.of());
    await().atMost(SOON).until(() -> keys.value(hello.key()).contains("20"));
    ServiceView again = resolver.view("Hello");
    assertThat(again.whenReady().join().instances().get(0).weight()).isEqualTo(20);
    again.close();
    assertThat(pinned.snapshot().isLive()).isTrue();
    pinned.close();
    await("views closed").atMost(SOON).until(() -> watchers() == 2);
  }

  /** Closes a registration, however long that takes: {@code close()} waits a second at most. */
  private static void ended(Registration registration) {
    ((LeasedRegistration) registration).closeAsync().join();
  }

  private long watchers() {
    return server
        .etcd()
        .metrics()
        .lines()
        .filter(line -> line.startsWith("etcd_debugging_mvcc_watcher_total "))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }
}
