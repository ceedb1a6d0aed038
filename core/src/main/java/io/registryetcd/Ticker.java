package io.registryetcd;

/**
 * A monotonic clock: the one place where this library reads time, so that tests can be its master.
 */
@FunctionalInterface
interface Ticker {

  /** The JVM's monotonic clock. */
  Ticker SYSTEM = System::nanoTime;

  /** Nanoseconds since some fixed moment. */
  long nanos();
}
