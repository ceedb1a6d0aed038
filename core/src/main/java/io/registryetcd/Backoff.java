package io.registryetcd;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pauses between attempts: doubled each time from 100 ms up to a cap, and anywhere between zero and
 * that ("full jitter"), so that clients that failed together do not come back together. Never ends.
 */
final class Backoff {

  private static final Duration BASE = Duration.ofMillis(100);

  private final long capNanos;
  private final RandomGenerator random;
  private int failures;

  Backoff(Duration cap, RandomGenerator random) {
    this.capNanos = cap.toNanos();
    this.random = random;
  }

  /** The pause after one more failure. */
  Duration next() {
    long ceiling = Math.min(capNanos, BASE.toNanos() << Math.min(failures, 20));
    failures++;
    return Duration.ofNanos(random.nextLong(ceiling + 1));
  }

  /** Begins anew, after a success that lasted. */
  void reset() {
    failures = 0;
  }
}
