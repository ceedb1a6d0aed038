package io.registryetcd.examples;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waits with a bound. */
final class Await {

  private Await() {}

  /**
   * Asks every millisecond.
   *
   * @return the first answer that is not null
   * @throws IllegalStateException if there is none in time
   */
  static <T> T until(Duration limit, String what, Supplier<@Nullable T> question)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() < end) {
      T answer = question.get();
      if (answer != null) {
        return answer;
      }
      Thread.sleep(1);
    }
    throw new IllegalStateException("not seen within " + limit.toSeconds() + " s: " + what);
  }
}
