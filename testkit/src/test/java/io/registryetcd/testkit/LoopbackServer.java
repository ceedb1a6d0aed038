package io.registryetcd.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A listener whose accepted sockets a test uses by hand. */
final class LoopbackServer implements AutoCloseable {
  private final ServerSocket socket;

  private LoopbackServer(ServerSocket socket) {
    this.socket = socket;
  }

  static LoopbackServer start() throws IOException {
    return new LoopbackServer(new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1")));
  }

  String endpoint() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  Socket accept() throws IOException {
    socket.setSoTimeout(5000);
    Socket accepted = socket.accept();
    accepted.setSoTimeout(5000);
    return accepted;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
