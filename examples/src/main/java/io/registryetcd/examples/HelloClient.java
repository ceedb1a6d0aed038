package io.registryetcd.examples;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/** Calls hello servers. Safe for use by many threads. */
interface HelloClient extends AutoCloseable {

  /**
   * Makes calls that nobody counts until so many servers have answered: then no other call has to
   * wait for a connection, nor is any shared only among the servers that have one already. Gives up
   * when the time is over: the calls that count will tell.
   */
  default void warmUp(int servers, Duration limit) throws InterruptedException {
    Set<String> answered = new HashSet<>();
    long end = System.nanoTime() + limit.toNanos();
    for (long left = limit.toNanos();
        answered.size() < servers && left > 0;
        left = end - System.nanoTime()) {
      try {
        if (!answered.add(call("warm-up", Duration.ofNanos(left)))) {
          Thread.sleep(1);
        }
      } catch (RuntimeException e) {
        Thread.sleep(10);
      }
    }
  }

  /**
   * One call.
   *
   * @throws RuntimeException if it fails
   */
  String call(String message, Duration timeout);

  @Override
  void close();
}
