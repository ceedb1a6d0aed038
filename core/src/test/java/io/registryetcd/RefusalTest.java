package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.steps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.Registration.StateChange;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Refusals are counted and paced, an outage is not counted unless one asks for it. */
class RefusalTest {

  private static final Duration DELAY = Duration.ofMillis(300);
  private static final RetryConfig THREE_TIMES =
      RetryConfig.DEFAULT.withRetryDelay(DELAY).withMaxAttemptTimes(3);

  private static TestEtcd etcd;

  @RegisterExtension final TestPeers peers = new TestPeers();

  @BeforeAll
  static void startEtcd() {
    etcd = TestEtcd.start();
    etcd.enableAuth("root");
    etcd.addRole("nobody");
    etcd.addUser("nobody", "nobody");
    etcd.grantRole("nobody", "nobody");
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  private Registration refused(RetryConfig retry) {
    return peers
        .registry(config(etcd.endpoint()).user("nobody", "nobody").retry(retry).build())
        .register("Hello", instance(8001));
  }

  @Test
  void refusedAsOftenAsAllowedIsFailedAndStillTriesOn() {
    long start = System.nanoTime();
    Registration hello = refused(THREE_TIMES);
    await("failed after three refusals").atMost(SOON).until(() -> hello.state() == State.FAILED);
    // two pauses of 300 ms - 20 % lie between three refusals
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(480));
    assertThat(hello.problem()).containsInstanceOf(EtcdDeniedException.class);

    List<StateChange> steps = steps(hello);
    hello.retryNow();
    await("a new round fails again")
        .atMost(SOON)
        .until(() -> steps.stream().anyMatch(step -> step.to() == State.FAILED));
  }

  @Test
  void whoAsksForANewAttemptCanWaitForItsOutcome() {
    etcd.addUser("late", "late");
    etcd.addRole("late");
    etcd.grantRole("late", "late");
    RetryConfig seldom = RetryConfig.DEFAULT.withRetryDelay(Duration.ofMinutes(10));
    Registration hello =
        peers
            .registry(config(etcd.endpoint()).user("late", "late").retry(seldom).build())
            .register("Hello", instance(8002));
    assertThatThrownBy(() -> hello.await(SOON)).isInstanceOf(EtcdDeniedException.class);
    etcd.grantPrefix("late", "readwrite", "kitex/registry-etcd/Hello/");

    hello.retryNow();
    hello.await(SOON);

    assertThat(hello.state()).isEqualTo(State.REGISTERED);
  }

  @Test
  void withoutALimitItNeverFails() {
    Registration hello =
        refused(THREE_TIMES.withMaxAttemptTimes(0).withRetryDelay(Duration.ofMillis(100)));
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(20))
        .until(() -> hello.state() != State.FAILED);
    await().atMost(SOON).until(() -> hello.state() == State.RETRYING);
  }

  @Test
  void outageIsNotCountedByDefault() {
    try (TestEtcd away = TestEtcd.start()) {
      away.kill();
      Registration hello =
          peers
              .registry(config(away.endpoint()).retry(THREE_TIMES).build())
              .register("Hello", instance(8001));
      await()
          .during(DELAY.multipliedBy(6))
          .atMost(DELAY.multipliedBy(20))
          .until(() -> hello.state() == State.REGISTERING);
      away.restart();
      await().atMost(SOON).until(() -> hello.state() == State.REGISTERED);
    }
  }

  @Test
  void givingUpCountsAnOutageAtThePaceOfTheRetryDelayAndEndsForGood() {
    try (TestEtcd away = TestEtcd.start()) {
      away.kill();
      long start = System.nanoTime();
      Registration hello =
          peers
              .registry(config(away.endpoint()).retry(THREE_TIMES.withGiveUp(true)).build())
              .register("Hello", instance(8001));
      await("given up").atMost(SOON).until(() -> hello.state() == State.FAILED);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(480));

      away.restart();
      StoredKeys keys = new StoredKeys(away);
      await()
          .during(Duration.ofSeconds(2))
          .atMost(Duration.ofSeconds(20))
          .until(() -> hello.state() == State.FAILED && !keys.has(hello.key()));
      hello.retryNow();
      await("registered in a new round")
          .atMost(SOON)
          .until(() -> hello.state() == State.REGISTERED && keys.has(hello.key()));
    }
  }
}
