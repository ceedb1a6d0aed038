package io.registryetcd;

import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.FaultProxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * {@code close()} comes at a random moment of whatever goes on: it returns in time, and leaves no
 * key, no lease and no thread. A failure names its seed.
 */
class CloseAtAnyMomentTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();

  /** What is promised is 2 s; the rest is for a slow machine. */
  private static final Duration BOUND = Duration.ofMillis(3500);

  /** A close that took less has heard from etcd that all is gone. */
  private static final Duration ANSWERED = Duration.ofMillis(600);

  private static final int MOST_SERVICES = 4;

  private static final Duration TTL = Duration.ofSeconds(2);

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final StoredKeys keys = new StoredKeys(server.etcd());
  private FaultProxy proxy;
  private Duration slowest = Duration.ZERO;
  private Duration ttl = TTL;
  private int unanswered;

  @BeforeEach
  void startProxy() {
    proxy = FaultProxy.to(server.endpoint());
  }

  @AfterEach
  void stopProxy() {
    proxy.close();
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("registry-etcd-"))
        .sorted()
        .toList();
  }

  private void pauseUpTo(int millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(millis + 1)));
  }

  /** Begins what is chosen at random; nothing of it waits. */
  private void begin(EtcdRegistry registry, EtcdResolver resolver) {
    for (int i = random.nextInt(MOST_SERVICES); i >= 0; i--) {
      Registration registration = registry.register("Service" + i, instance(8001));
      registration.onStateChange(step -> {});
      ServiceView view = resolver.view("Service" + i);
      view.onChange(change -> {});
      switch (random.nextInt(6)) {
        case 0 -> registration.update(7, Map.of());
        case 1 -> registration.pause();
        case 2 -> view.close();
        case 3 -> CompletableFuture.runAsync(registration::close);
        default -> {}
      }
    }
  }

  private void timed(Runnable close) {
    long start = System.nanoTime();
    close.run();
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    slowest = took.compareTo(slowest) > 0 ? took : slowest;
    if (took.compareTo(ANSWERED) >= 0) {
      unanswered++;
    }
  }

  private void round(String endpoint, Runnable meanwhile) {
    EtcdConfig config = config(endpoint).leaseTtl(ttl).shutdownHook(false).build();
    if (random.nextBoolean()) {
      EtcdSession session = EtcdSession.create(config);
      EtcdRegistry registry = EtcdRegistry.create(session);
      EtcdResolver resolver = EtcdResolver.create(session);
      begin(registry, resolver);
      pauseUpTo(40);
      meanwhile.run();
      if (random.nextBoolean()) {
        timed(registry::close);
        timed(resolver::close);
      }
      timed(session::close);
    } else {
      EtcdRegistry registry = EtcdRegistry.create(config);
      EtcdResolver resolver = EtcdResolver.create(config);
      begin(registry, resolver);
      pauseUpTo(40);
      meanwhile.run();
      timed(resolver::close);
      timed(registry::close);
    }
  }

  private void assertNothingIsLeft(Duration afterAtMost) {
    assertThat(slowest).as("slowest close(), seed %s", seed).isLessThan(BOUND);
    await("nothing is left, seed " + seed)
        .atMost(afterAtMost)
        .untilAsserted(
            () -> {
              assertThat(threads()).isEmpty();
              assertThat(keys.keys("")).isEmpty();
              assertThat(keys.leases()).isEmpty();
            });
  }

  @Test
  void whileEtcdAnswers() {
    ttl = Duration.ofMinutes(2); // nothing ends by itself
    for (int i = 0; i < 200; i++) {
      round(server.endpoint(), () -> {});
    }
    assertThat(slowest).as("slowest close(), seed %s", seed).isLessThan(BOUND);
    await("nothing is left but by a close that could not wait, seed " + seed)
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              assertThat(threads()).isEmpty();
              assertThat(keys.leases()).hasSizeLessThanOrEqualTo(unanswered);
              assertThat(keys.keys("")).hasSizeLessThanOrEqualTo(MOST_SERVICES * unanswered);
            });
  }

  @Test
  void whileConnectionsBreak() {
    for (int i = 0; i < 40; i++) {
      round(
          proxy.endpoint(),
          () -> {
            proxy.reset();
            if (random.nextBoolean()) {
              pauseUpTo(200);
            }
          });
    }
    assertNothingIsLeft(TTL.plusSeconds(5));
  }

  @Test
  void whileEtcdIsAway() {
    proxy.refuse();
    for (int i = 0; i < 5; i++) {
      round(proxy.endpoint(), () -> {});
    }
    assertNothingIsLeft(TTL.plusSeconds(5));
  }

  @Test
  void whileEtcdIsSilent() {
    for (int i = 0; i < 5; i++) {
      round(
          proxy.endpoint(),
          () -> {
            proxy.blackhole();
            pauseUpTo(20);
          });
      proxy.pass();
    }
    assertNothingIsLeft(TTL.plusSeconds(5));
  }
}
