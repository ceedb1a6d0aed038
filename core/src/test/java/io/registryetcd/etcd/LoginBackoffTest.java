package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LoginBackoffTest {

  @Test
  void doublesUpToTheCapAndStartsAgain() {
    LoginBackoff backoff =
        new LoginBackoff(Duration.ofSeconds(1), Duration.ofSeconds(6), () -> 0.5);
    assertThat(Stream.generate(backoff::next).limit(5).map(Duration::toMillis))
        .containsExactly(500L, 1000L, 2000L, 3000L, 3000L);
    backoff.reset();
    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void jitterIsFull() {
    assertThat(new LoginBackoff(Duration.ofSeconds(1), Duration.ofSeconds(6), () -> 0).next())
        .isZero();
  }
}
