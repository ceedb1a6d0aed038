package io.registryetcd;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Random spread of pauses, so that many clients do not act at the same moment. */
final class Jitter {

  private Jitter() {}

  /** {@code delay} +-20 %. */
  static Duration around(Duration delay, RandomGenerator random) {
    return Duration.ofNanos((long) (delay.toNanos() * (0.8 + 0.4 * random.nextDouble())));
  }

  /** Anything from zero to {@code most}. */
  static Duration upTo(Duration most, RandomGenerator random) {
    return Duration.ofNanos(random.nextLong(most.toNanos() + 1));
  }
}
