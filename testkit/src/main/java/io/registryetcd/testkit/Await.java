package io.registryetcd.testkit;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** The one place where this module waits by the clock. */
final class Await {
  private static final Duration POLL = Duration.ofMillis(10);

  private Await() {}

  /** Polls until the condition holds; false when the time is over. */
  static boolean until(Duration timeout, BooleanSupplier condition) {
    long end = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end >= 0) {
        return false;
      }
      pause(POLL);
    }
    return true;
  }

  static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestEtcdException("interrupted while waiting", e);
    }
  }
}
