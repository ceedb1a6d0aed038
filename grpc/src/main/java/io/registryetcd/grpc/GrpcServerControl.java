package io.registryetcd.grpc;

import io.grpc.Server;
import io.registryetcd.server.ServerControl;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A gRPC server, which says NOT_SERVING to health checks before it stops. */
record GrpcServerControl(Server server, Optional<ServingStatus> health) implements ServerControl {

  /** The first IP socket. */
  @Override
  public InetSocketAddress address() {
    List<? extends SocketAddress> sockets = server.getListenSockets();
    for (SocketAddress socket : sockets) {
      if (socket instanceof InetSocketAddress ip) {
        return ip;
      }
    }
    throw new IllegalArgumentException(
        "server: listens on "
            + sockets
            + " (expected: an IP address, or advertise(\"host:port\") to say where it is reached)");
  }

  @Override
  public void stop(Duration grace) {
    health.ifPresent(ServingStatus::notServing);
    server.shutdown();
    try {
      if (!server.awaitTermination(TimeUnit.NANOSECONDS.convert(grace), TimeUnit.NANOSECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }
}
