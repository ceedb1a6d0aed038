package io.registryetcd.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/** The door of a {@link FaultProxy}: open, or closed so that the kernel refuses clients. */
final class ProxyListener {
  private final FaultProxy proxy;
  private final InetSocketAddress address;
  private @Nullable ServerSocket socket;
  private @Nullable Thread acceptor;
  private boolean closed;

  ProxyListener(FaultProxy proxy, InetSocketAddress address) {
    this.proxy = proxy;
    this.address = address;
  }

  synchronized void open() {
    if (socket != null || closed) {
      return;
    }
    try {
      ServerSocket listening = new ServerSocket();
      // connections of before may live on
      listening.setReuseAddress(true);
      listening.bind(address);
      socket = listening;
      Thread thread = proxy.thread("accept", () -> accept(listening));
      acceptor = thread;
      thread.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The kernel goes on accepting until the thread has left its call, so that is waited for. */
  synchronized void refuse() {
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      socket = null;
    }
    if (acceptor != null) {
      FaultProxy.join(acceptor);
      acceptor = null;
    }
  }

  /** For ever. */
  synchronized void close() {
    closed = true;
    refuse();
  }

  private void accept(ServerSocket listening) {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        client.setTcpNoDelay(true);
        proxy.connect(client);
      } catch (IOException e) {
        // closed by refuse(); or this one client is gone already
      }
    }
  }
}
