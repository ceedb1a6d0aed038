package io.registryetcd.kitex;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.wire.MalformedMessageException;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.MessageDecoder;
import io.registryetcd.kitex.wire.MessageEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client that is nothing but a socket: sends bytes, and reads messages or the end. */
final class RawConnection implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Socket socket;
  private final MessageDecoder decoder = new MessageDecoder(64 * 1024 * 1024);
  private final ByteBuf received = Unpooled.buffer();

  RawConnection(Socket socket) {
    this.socket = socket;
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) PATIENCE.toMillis());
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }

  static RawConnection to(KitexServer server) {
    return to(server.port());
  }

  static RawConnection to(int port) {
    try {
      return new RawConnection(new Socket(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Socket socket() {
    return socket;
  }

  RawConnection send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  RawConnection send(Message... messages) {
    return send(bytes(messages));
  }

  /** Sends a request and waits for its reply. */
  Message call(Message request) {
    return send(request).receive();
  }

  /** Says that nothing more is sent; the replies can still be read. */
  RawConnection endOutput() {
    try {
      socket.shutdownOutput();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next message; fails at the end of the stream. */
  Message receive() {
    Message message = receiveOrEnd();
    if (message == null) {
      throw new AssertionError("the server closed the connection");
    }
    return message;
  }

  /** Whether the server ends the connection before it sends another message. */
  boolean isEnded() {
    return receiveOrEnd() == null;
  }

  private @Nullable Message receiveOrEnd() {
    try {
      byte[] some = new byte[64 * 1024];
      for (Message message = decoder.decode(received); ; message = decoder.decode(received)) {
        if (message != null) {
          return message;
        }
        int count = socket.getInputStream().read(some);
        if (count < 0) {
          return null;
        }
        received.discardReadBytes().writeBytes(some, 0, count);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (MalformedMessageException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] bytes(Message... messages) {
    ByteBuf out = Unpooled.buffer();
    for (Message message : messages) {
      MessageEncoder.encode(message, out);
    }
    return ByteBufUtil.getBytes(out);
  }

  /** The messages in some bytes. */
  static List<Message> messages(byte[] bytes) {
    ByteBuf in = Unpooled.wrappedBuffer(bytes);
    var decoder = new MessageDecoder(bytes.length);
    List<Message> messages = new ArrayList<>();
    try {
      for (Message next = decoder.decode(in); next != null; next = decoder.decode(in)) {
        messages.add(next);
      }
      return messages;
    } catch (MalformedMessageException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
