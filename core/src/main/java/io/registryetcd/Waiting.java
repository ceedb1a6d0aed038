package io.registryetcd;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Bounded waiting for what the loop does. */
final class Waiting {

  private Waiting() {}

  /**
   * As {@link #atMost}, but on the loop itself only looks: the loop cannot go on before it returns.
   */
  static boolean atMost(Duration bound, CompletableFuture<?> future, Loop loop) {
    return atMost(loop.isCurrent() ? Duration.ZERO : bound, future);
  }

  /** Waits until done, failed, interrupted, or the time is over; tells whether it was done. */
  static boolean atMost(Duration bound, CompletableFuture<?> future) {
    try {
      future.get(TimeUnit.NANOSECONDS.convert(bound), TimeUnit.NANOSECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }
}
