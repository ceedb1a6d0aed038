package io.registryetcd.examples;

import io.registryetcd.Registration;

/** A running hello server: answers a message with {@code <id>|<message>}. */
interface HelloServer {

  Registration registration();

  /**
   * On SIGTERM: deregister, serve on for the drain delay, stop accepting, finish calls, revoke the
   * lease.
   */
  void shutdownOnExit();

  void awaitTermination() throws InterruptedException;
}
