package io.registryetcd.etcd;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * The pauses between logins: exponential with full jitter, a random part of a limit that doubles up
 * to a cap.
 */
final class LoginBackoff {

  private final Duration base;
  private final Duration cap;
  private final DoubleSupplier random;
  private Duration limit;

  /**
   * A backoff that was reset.
   *
   * @param random uniform in [0, 1)
   */
  LoginBackoff(Duration base, Duration cap, DoubleSupplier random) {
    this.base = base;
    this.cap = cap;
    this.random = random;
    limit = base;
  }

  /** The next delay. */
  Duration next() {
    Duration delay = Duration.ofNanos((long) (limit.toNanos() * random.getAsDouble()));
    Duration doubled = limit.multipliedBy(2);
    limit = doubled.compareTo(cap) > 0 ? cap : doubled;
    return delay;
  }

  /** Starts again at the base. */
  void reset() {
    limit = base;
  }
}
