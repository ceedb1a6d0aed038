package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.changes;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.registered;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A listener that throws, or never returns, is nobody else's trouble. */
class ListenerTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private static final String RANGE = "kitex/registry-etcd/Hello/";

  private final StoredKeys keys = new StoredKeys(server.etcd());
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void letBlockedListenersGo() {
    end.countDown();
  }

  private void blockForEver() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void put(int port, int weight) {
    keys.put(RANGE + "127.0.0.1:" + port, value("127.0.0.1:" + port, weight));
  }

  @Test
  void oneThatThrowsIsCalledAgainAndDoesNotStopTheOthers() {
    ServiceView view = peers.resolver(server.endpoint()).view("Hello");
    AtomicInteger thrown = new AtomicInteger();
    view.onChange(
        change -> {
          thrown.incrementAndGet();
          throw new IllegalStateException("planned");
        });
    List<Change> seen = changes(view);
    put(8001, 1);
    await().atMost(SOON).until(() -> seen.size() == 1 && thrown.get() == 1);
    put(8001, 2);
    await().atMost(SOON).until(() -> seen.size() == 2 && thrown.get() == 2);
  }

  @Test
  void oneThatBlocksForEverDelaysNobodyAndFindsOneMergedChange() {
    ServiceView view = peers.resolver(server.endpoint()).view("Hello");
    List<Change> blocked = new CopyOnWriteArrayList<>();
    view.onChange(
        change -> {
          blocked.add(change);
          blockForEver();
        });
    List<Change> seen = changes(view);
    put(8001, 1);
    await().atMost(SOON).until(() -> blocked.size() == 1 && seen.size() == 1);
    for (int i = 2; i <= 30; i++) {
      put(8001, i);
    }
    put(8002, 1);
    await().atMost(SOON).until(() -> view.snapshot().size() == 2);
    await().atMost(SOON).until(() -> seen.get(seen.size() - 1).snapshot().size() == 2);
    assertThat(blocked).hasSize(1);

    end.countDown();
    await().atMost(SOON).until(() -> blocked.size() == 2);
    Change merged = blocked.get(1);
    assertThat(merged.updated()).containsExactly(instance(8001).withWeight(30));
    assertThat(merged.added()).containsExactly(instance(8002).withWeight(1));
    assertThat(merged.snapshot().instances()).isEqualTo(view.snapshot().instances());
  }

  @Test
  void manyThatBlockStopNeitherKeepaliveNorRegistering() {
    EtcdRegistry registry =
        peers.registry(config(server.endpoint()).leaseTtl(Duration.ofSeconds(5)).build());
    Registration hello = registered(registry, "Hello", 8001);
    for (int i = 0; i < 40; i++) {
      hello.onStateChange(step -> blockForEver());
    }
    keys.delete(hello.key());
    await().atMost(SOON).until(() -> keys.has(hello.key()));
    long lease = keys.lease(hello.key());
    await()
        .during(Duration.ofSeconds(6))
        .atMost(Duration.ofSeconds(20))
        .until(() -> keys.has(hello.key()));
    assertThat(keys.lease(hello.key())).isEqualTo(lease);
    Registration other = registered(registry, "Other", 8001);
    hello.close();
    assertThat(hello.state()).isEqualTo(State.CLOSED);
    assertThat(other.whenRegistered()).isNotDone();
    long start = System.nanoTime();
    registry.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    await("whoever waits hears, though no listener does")
        .atMost(SOON)
        .until(() -> other.whenRegistered().isDone());
  }

  @Test
  void executorThatRefusesStopsOnlyTheCalls() {
    EtcdConfig config =
        config(server.endpoint())
            .callbackExecutor(
                task -> {
                  throw new RejectedExecutionException("full");
                })
            .build();
    Registration hello = registered(peers.registry(config), "Hello", 8001);
    hello.onStateChange(step -> {});
    ServiceView view = peers.resolver(config).view("Hello");
    changes(view);
    await().atMost(SOON).until(hello.whenRegistered()::isDone);
    await().atMost(SOON).until(view.whenReady()::isDone);
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);
    hello.update(20, Map.of());
    await().atMost(SOON).until(() -> view.snapshot().instances().get(0).weight() == 20);
  }

  @Test
  void everythingMayBeClosedInACallback() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    EtcdResolver resolver = peers.resolver(server.endpoint());
    Registration hello = registry.register("Hello", instance(8001));
    CompletableFuture<Duration> closed = new CompletableFuture<>();
    resolver
        .view("Hello")
        .onChange(
            change -> {
              long start = System.nanoTime();
              hello.close();
              registry.close();
              resolver.close();
              closed.complete(Duration.ofNanos(System.nanoTime() - start));
            });
    await().atMost(SOON).until(closed::isDone);
    assertThat(closed.join()).isLessThan(Duration.ofSeconds(2));
    assertThat(keys.keys("")).isEmpty();
    assertThat(keys.leases()).isEmpty();
  }

  @Test
  void closingInACallbackOfADirectExecutorDoesNotWaitForItself() {
    EtcdConfig direct = config(server.endpoint()).callbackExecutor(Runnable::run).build();
    EtcdRegistry registry = peers.registry(direct);
    CompletableFuture<Duration> closed = new CompletableFuture<>();
    Registration hello = registry.register("Hello", instance(8001));
    hello
        .whenRegistered()
        .thenRun(
            () -> {
              long start = System.nanoTime();
              registry.close();
              closed.complete(Duration.ofNanos(System.nanoTime() - start));
            });
    await().atMost(Duration.ofSeconds(10)).until(closed::isDone);
    assertThat(closed.join()).isLessThan(Duration.ofSeconds(2));
    await().atMost(SOON).until(() -> keys.keys("").isEmpty() && keys.leases().isEmpty());
  }
}
