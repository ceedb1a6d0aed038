package io.registryetcd.kitex.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.Framing;
import java.nio.charset.StandardCharsets;

/**
 * What a payload begins with, the same in Thrift's strict binary protocol and in Kitex-Protobuf but
 * for the first number: {@code u16 0x8001 or 0x9001, u16 type, u32 n, n bytes of method, i32
 * sequence}.
 */
record Envelope(Message.Protocol protocol, Message.Type type, String method, int sequence) {

  /** Without the method. */
  static final int FIXED_BYTES = 12;

  static Envelope of(Message message) {
    return new Envelope(message.protocol(), message.type(), message.method(), message.sequence());
  }

  /**
   * The envelope of a Thrift payload.
   *
   * @throws IllegalArgumentException if it has none
   */
  static Envelope ofThrift(byte[] payload) {
    ByteBuf in = Unpooled.wrappedBuffer(payload);
    try {
      checkRoom(payload.length);
      if (!isThrift(in.getInt(0))) {
        throw new MalformedMessageException(
            "payload: begins with "
                + ByteBufUtil.hexDump(in, 0, Integer.BYTES)
                + " (expected: 8001, Thrift's strict binary protocol)");
      }
      length(in, payload.length);
      return read(in);
    } catch (MalformedMessageException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  static boolean isThrift(int word) {
    return word >>> 16 == magic(Message.Protocol.THRIFT);
  }

  static boolean isProtobuf(int word) {
    return word >>> 16 == magic(Message.Protocol.PROTOBUF);
  }

  private static int magic(Message.Protocol protocol) {
    return switch (protocol) {
      case THRIFT -> 0x8001;
      case PROTOBUF -> 0x9001;
    };
  }

  /**
   * The length of the envelope at the beginning of a buffer, of which 8 bytes are there.
   *
   * @param limit of the whole payload
   */
  static int length(ByteBuf in, int limit) throws MalformedMessageException {
    checkRoom(limit);
    long method = in.getUnsignedInt(in.readerIndex() + Integer.BYTES);
    if (method > limit - FIXED_BYTES) {
      throw new MalformedMessageException(
          "method: " + method + " bytes (expected: at most " + (limit - FIXED_BYTES) + ")");
    }
    return FIXED_BYTES + (int) method;
  }

  static void checkRoom(int payloadBytes) throws MalformedMessageException {
    if (payloadBytes < FIXED_BYTES) {
      throw new MalformedMessageException(
          "payload: " + payloadBytes + " bytes (expected: at least " + FIXED_BYTES + ")");
    }
  }

  /** Reads an envelope that is wholly there. */
  static Envelope read(ByteBuf in) throws MalformedMessageException {
    int word = in.readInt();
    String method = in.readString(in.readInt(), StandardCharsets.UTF_8);
    return new Envelope(
        isProtobuf(word) ? Message.Protocol.PROTOBUF : Message.Protocol.THRIFT,
        type(word & 0xffff),
        method,
        in.readInt());
  }

  private static Message.Type type(int number) throws MalformedMessageException {
    for (Message.Type type : Message.Type.values()) {
      if (type.number() == number) {
        return type;
      }
    }
    throw new MalformedMessageException(
        "message type: "
            + number
            + " (expected: 1 for a call, 2 for a reply, 3 for an exception or 4 for oneway)");
  }

  int length() {
    return FIXED_BYTES + ByteBufUtil.utf8Bytes(method);
  }

  void write(ByteBuf out) {
    out.writeShort(magic(protocol)).writeShort(type.number());
    out.writeInt(ByteBufUtil.utf8Bytes(method));
    out.writeCharSequence(method, StandardCharsets.UTF_8);
    out.writeInt(sequence);
  }

  Message message(Framing framing, TTHeader header, byte[] payload) {
    return new Message(framing, protocol, header, type, method, sequence, payload);
  }
}
