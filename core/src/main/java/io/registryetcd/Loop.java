package io.registryetcd;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * A serial executor with timers and a clock: all state of one session changes on its loop, one task
 * after the other.
 *
 * <p>In production a thread of its own, in the simulation a virtual one whose time is a number.
 */
interface Loop extends Executor, Ticker {

  /**
   * Runs {@code task} on the loop, after those before it. Tasks given after the end are dropped.
   */
  @Override
  void execute(Runnable task);

  /** Runs {@code task} on the loop after {@code delay}. */
  Timer schedule(Duration delay, Runnable task);

  /** Whether the caller is on the loop, where waiting for the loop would be in vain. */
  default boolean isCurrent() {
    return false;
  }

  /** Ends the loop; its thread, if it has one, ends with it. */
  void close();

  /** A task that has not run yet. */
  @FunctionalInterface
  interface Timer {

    /** Takes the task back; one that is running goes on. */
    void cancel();
  }
}
