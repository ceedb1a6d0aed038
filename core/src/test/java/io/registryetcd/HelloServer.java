package io.registryetcd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;

/** A server that ends as the documentation shows it, as a program of its own. */
final class HelloServer {

  private final ServerSocket socket;

  private HelloServer(ServerSocket socket) {
    this.socket = socket;
  }

  /**
   * Arguments: endpoint, port, time to live in seconds, drain delay in seconds, graceful or plain.
   */
  public static void main(String[] arguments) throws IOException {
    ChildJvm.endWithParent();
    int port = Integer.parseInt(arguments[1]);
    HelloServer server =
        new HelloServer(new ServerSocket(port, 50, InetAddress.getLoopbackAddress()));
    EtcdRegistry registry =
        EtcdRegistry.create(
            EtcdConfig.builder()
                .endpoints(arguments[0])
                .leaseTtl(Duration.ofSeconds(Integer.parseInt(arguments[2])))
                .build());
    Registration hello =
        registry.register(
            "Hello", Instance.of("0.0.0.0", port).withWeight(10).withTag("zone", "a"));
    hello.await(Duration.ofSeconds(10));
    if (arguments[4].equals("graceful")) {
      GracefulShutdown.of(hello)
          .drainDelay(Duration.ofSeconds(Integer.parseInt(arguments[3])))
          .then(server::shutdown)
          .installHook();
    }
    System.out.println("ready");
    server.serve();
  }

  private void serve() {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        client.getOutputStream().write('!');
      } catch (IOException e) {
        System.out.println("server: " + e.getMessage());
      }
    }
  }

  private void shutdown() {
    try {
      socket.close();
      System.out.println("server shut down");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
