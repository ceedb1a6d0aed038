package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void theLongestPauseDoublesFrom100MsUpToTheCap() {
    Backoff backoff = new Backoff(Duration.ofSeconds(1), new FakeRandom());

    assertThat(Stream.generate(() -> backoff.next().toMillis()).limit(6))
        .containsExactly(100L, 200L, 400L, 800L, 1000L, 1000L);
  }

  @Test
  void aSuccessThatLastedBeginsAnew() {
    Backoff backoff = new Backoff(Duration.ofSeconds(1), new FakeRandom());
    backoff.next();
    backoff.next();

    backoff.reset();

    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void aCapBelowTheFirstPauseHolds() {
    Backoff backoff = new Backoff(Duration.ofMillis(5), new FakeRandom());

    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(5));
  }

  @Test
  void itNeverEndsAndNeverOverflows() {
    Backoff backoff = new Backoff(Duration.ofDays(365), new SplittableRandom(1));
    for (int i = 0; i < 10_000; i++) {
      assertThat(backoff.next()).isBetween(Duration.ZERO, Duration.ofDays(365));
    }
  }

  @Test
  void pausesAreSpreadOverTheWholeRangeSoThatClientsDoNotComeBackTogether() {
    SplittableRandom random = new SplittableRandom(1);
    long inTheLowerHalf =
        Stream.generate(() -> new Backoff(Duration.ofSeconds(5), random).next())
            .limit(10_000)
            .filter(pause -> pause.compareTo(Duration.ofMillis(50)) < 0)
            .count();

    assertThat(inTheLowerHalf).isBetween(4_800L, 5_200L);
  }

  @Test
  void jitterAroundAPauseIsOneFifthToEitherSide() {
    SplittableRandom random = new SplittableRandom(1);
    Duration pause = Duration.ofSeconds(10);

    assertThat(Jitter.around(pause, new FakeRandom())).isEqualTo(pause);
    assertThat(Stream.generate(() -> Jitter.around(pause, random)).limit(1_000))
        .allSatisfy(p -> assertThat(p).isBetween(Duration.ofSeconds(8), Duration.ofSeconds(12)))
        .anySatisfy(p -> assertThat(p).isLessThan(Duration.ofMillis(8_200)))
        .anySatisfy(p -> assertThat(p).isGreaterThan(Duration.ofMillis(11_800)));
  }

  @Test
  void jitterUpToAPauseIncludesNothingAndTheWhole() {
    SplittableRandom random = new SplittableRandom(1);

    assertThat(Jitter.upTo(Duration.ZERO, random)).isZero();
    assertThat(
            Stream.generate(() -> Jitter.upTo(Duration.ofNanos(2), random)).limit(100).distinct())
        .containsExactlyInAnyOrder(Duration.ZERO, Duration.ofNanos(1), Duration.ofNanos(2));
  }
}
