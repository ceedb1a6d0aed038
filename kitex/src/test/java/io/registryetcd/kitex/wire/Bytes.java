package io.registryetcd.kitex.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Messages from bytes and back. */
final class Bytes {

  private Bytes() {}

  static byte[] ofHex(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  static byte[] of(Message message) {
    ByteBuf out = Unpooled.buffer();
    MessageEncoder.encode(message, out);
    return ByteBufUtil.getBytes(out);
  }

  static Message message(byte[] bytes) throws MalformedMessageException {
    List<Message> messages = messages(bytes, bytes.length);
    if (messages.size() != 1) {
      throw new AssertionError(messages.size() + " messages");
    }
    return messages.get(0);
  }

  /** What is decoded of bytes that arrive in pieces of a size. */
  static List<Message> messages(byte[] bytes, int pieceSize) throws MalformedMessageException {
    var connection = new Connection();
    for (int from = 0; from < bytes.length; from += pieceSize) {
      connection.receive(bytes, from, Math.min(bytes.length, from + pieceSize));
    }
    return connection.messages;
  }

  /** What is decoded of bytes that arrive in two pieces. */
  static List<Message> messagesSplit(byte[] bytes, int at) throws MalformedMessageException {
    var connection = new Connection();
    connection.receive(bytes, 0, at);
    connection.receive(bytes, at, bytes.length);
    return connection.messages;
  }

  /** A decoder and the bytes it has not read yet, as behind a socket. */
  static final class Connection {

    final List<Message> messages = new ArrayList<>();
    private final ByteBuf received = Unpooled.buffer();
    private final MessageDecoder decoder;

    Connection() {
      this(MessageDecoder.DEFAULT_MAX_FRAME_BYTES);
    }

    Connection(int maxFrameBytes) {
      this.decoder = new MessageDecoder(maxFrameBytes);
    }

    void receive(byte[] bytes, int from, int to) throws MalformedMessageException {
      received.writeBytes(bytes, from, to - from);
      int unread = received.readableBytes();
      for (Message message = decoder.decode(received);
          message != null;
          message = decoder.decode(received)) {
        messages.add(message);
        unread = received.readableBytes();
      }
      if (received.readableBytes() != unread) {
        throw new AssertionError("read without a message");
      }
      received.discardReadBytes();
    }

    ByteBuf unread() {
      return received.slice();
    }
  }
}
