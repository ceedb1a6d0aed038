package io.registryetcd.kitex;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Servers on a free loopback port. */
final class LoopbackServer {

  private LoopbackServer() {}

  static KitexServer.Builder builder() {
    return KitexServer.builder().listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  static KitexServer start(KitexService... services) {
    return start(builder(), services);
  }

  static KitexServer start(KitexServer.Builder builder, KitexService... services) {
    for (KitexService service : services) {
      builder.service(service);
    }
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
