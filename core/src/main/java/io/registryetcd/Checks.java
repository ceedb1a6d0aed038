package io.registryetcd;

import java.time.Duration;

/**
 * Checks of settings, all with the same shape of message: the name, the value, what was expected.
 */
final class Checks {

  /** What every sum and jitter of nanoseconds has room for. */
  private static final Duration MOST = Duration.ofDays(36_500);

  private Checks() {}

  static Duration positive(String name, Duration value) {
    return atLeast(name, value, Duration.ofNanos(1), "> PT0S");
  }

  static Duration atLeast(String name, Duration value, Duration least) {
    return atLeast(name, value, least, ">= " + least);
  }

  private static Duration atLeast(String name, Duration value, Duration least, String expected) {
    if (value.compareTo(least) < 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
    }
    if (value.compareTo(MOST) > 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: <= " + MOST + ")");
    }
    return value;
  }
}
