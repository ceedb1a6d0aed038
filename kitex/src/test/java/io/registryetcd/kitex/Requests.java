package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;

/** Requests of the hello service and its protobuf twin, made without generated code. */
final class Requests {

  private static final int STRUCT = 12;
  private static final int STRING = 11;

  private Requests() {}

  /** {@code echo(text)}. */
  static Message echo(Framing framing, int sequence, String text) {
    return thrift(framing, Message.Type.CALL, "echo", sequence, text);
  }

  /** A call with one argument, a struct of one string. */
  static Message thrift(
      Framing framing, Message.Type type, String method, int sequence, String text) {
    ByteBuf payload = envelope(type, method, sequence);
    payload.writeByte(STRUCT).writeShort(1);
    writeString(payload.writeByte(STRING).writeShort(1), text);
    payload.writeByte(0).writeByte(0);
    return Message.ofThrift(framing, header(framing, sequence), ByteBufUtil.getBytes(payload));
  }

  /** A call with these bytes behind the envelope. */
  static Message thrift(Framing framing, String method, int sequence, byte[] arguments) {
    ByteBuf payload = envelope(Message.Type.CALL, method, sequence).writeBytes(arguments);
    return Message.ofThrift(framing, header(framing, sequence), ByteBufUtil.getBytes(payload));
  }

  private static ByteBuf envelope(Message.Type type, String method, int sequence) {
    ByteBuf out = Unpooled.buffer().writeShort(0x8001).writeShort(type.number());
    writeString(out, method);
    return out.writeInt(sequence);
  }

  private static void writeString(ByteBuf out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length).writeBytes(bytes);
  }

  /** {@code Echo(text)} of the protobuf twin. */
  static Message protobuf(Framing framing, String method, int sequence, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteBuf body = Unpooled.buffer().writeByte(1 << 3 | 2);
    for (int left = bytes.length; ; left >>>= 7) {
      if (left < 0x80) {
        body.writeByte(left).writeBytes(bytes);
        return protobuf(framing, method, sequence, ByteBufUtil.getBytes(body));
      }
      body.writeByte(left | 0x80);
    }
  }

  static Message protobuf(Framing framing, String method, int sequence, byte[] body) {
    return new Message(
        framing,
        Message.Protocol.PROTOBUF,
        header(framing, sequence),
        Message.Type.CALL,
        method,
        sequence,
        body);
  }

  private static TTHeader header(Framing framing, int sequence) {
    return framing.hasHeader() ? new TTHeader(0, sequence, Map.of(), Map.of()) : TTHeader.EMPTY;
  }

  /** The same request with another header. */
  static Message with(
      Message request, int flags, Map<Integer, String> ints, Map<String, String> strings) {
    return new Message(
        request.framing(),
        request.protocol(),
        new TTHeader(flags, request.header().sequence(), ints, strings),
        request.type(),
        request.method(),
        request.sequence(),
        request.payload());
  }

  static Message withService(Message request, String isn) {
    return with(request, 0, Map.of(), Map.of(TTHeader.IDL_SERVICE, isn));
  }

  /** The same request, which may be answered out of order. */
  static Message outOfOrder(Message request) {
    return with(request, TTHeader.OUT_OF_ORDER, Map.of(), Map.of());
  }

  /** All of a message, as text. */
  static String shown(Message message) {
    return message.framing()
        + " "
        + message.protocol()
        + " "
        + message.header()
        + " "
        + message.type()
        + " "
        + message.method()
        + " "
        + message.sequence()
        + " "
        + HexFormat.of().formatHex(message.payload());
  }

  /** The text in a reply. */
  static String text(Message reply) {
    assertThat(reply.type()).isEqualTo(Message.Type.REPLY);
    return switch (reply.protocol()) {
      case THRIFT -> thriftText(Unpooled.wrappedBuffer(reply.payload()));
      case PROTOBUF -> protobufText(CodedInputStream.newInstance(reply.payload()));
    };
  }

  private static String thriftText(ByteBuf in) {
    in.skipBytes(4);
    in.skipBytes(in.readInt()).skipBytes(4);
    assertThat((int) in.readByte()).isEqualTo(STRUCT);
    assertThat((int) in.readShort()).isZero();
    assertThat((int) in.readByte()).isEqualTo(STRING);
    assertThat((int) in.readShort()).isOne();
    return in.readString(in.readInt(), StandardCharsets.UTF_8);
  }

  private static String protobufText(CodedInputStream in) {
    try {
      assertThat(in.readTag()).isEqualTo(1 << 3 | 2);
      return in.readString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
