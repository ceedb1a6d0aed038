package io.registryetcd.examples;

import java.time.Duration;

/** Calls hello servers. Safe for use by many threads. */
interface HelloClient extends AutoCloseable {

  /** Waits until there is a server to call, so that the first call need not. */
  void connect(Duration timeout) throws InterruptedException;

  /**
   * One call.
   *
   * @throws RuntimeException if it fails
   */
  String call(String message, Duration timeout);

  @Override
  void close();
}
