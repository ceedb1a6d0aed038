package io.registryetcd.kitex;

import io.registryetcd.server.ServerControl;
import java.net.InetSocketAddress;
import java.time.Duration;

/** What a registration does to a {@link KitexServer}. */
record KitexServerControl(KitexServer server) implements ServerControl {

  @Override
  public InetSocketAddress address() {
    return server.address();
  }

  @Override
  public void stop(Duration grace) {
    server.shutdown(grace);
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }
}
