package io.registryetcd.server;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * What a registration has to know of a server, and to do to it. Written by the adapter for a kind
 * of server; its methods may be called by any thread, and more than once.
 *
 * @since 0.1
 */
public interface ServerControl {

  /**
   * Where the server listens. Not asked for if the whole address is given by {@link
   * ServerRegistration#advertise}.
   *
   * @return the address, with the port it got
   * @throws IllegalArgumentException if the server cannot be reached by an IP address
   */
  InetSocketAddress address();

  /**
   * Accepts nothing new, lets calls under way end, and returns when the server has ended.
   *
   * @param grace how long calls under way may take; what is left then is cut
   */
  void stop(Duration grace);

  /**
   * Waits until the server has ended.
   *
   * @throws InterruptedException if interrupted
   */
  void awaitTermination() throws InterruptedException;
}
