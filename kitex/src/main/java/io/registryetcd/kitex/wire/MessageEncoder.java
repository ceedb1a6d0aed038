package io.registryetcd.kitex.wire;

import io.netty.buffer.ByteBuf;
import io.registryetcd.kitex.Framing;

/** Writes messages. */
public final class MessageEncoder {

  private MessageEncoder() {}

  /**
   * Appends a message to a buffer.
   *
   * @throws IllegalArgumentException if the header is too large, naming its size and the limit, or
   *     the framing is none for Kitex-Protobuf; nothing is appended
   */
  public static void encode(Message message, ByteBuf out) {
    int start = out.writerIndex();
    try {
      write(message, out);
    } catch (IllegalArgumentException e) {
      out.writerIndex(start);
      throw e;
    }
  }

  private static void write(Message message, ByteBuf out) {
    if (!message.framing().hasHeader()) {
      writePayload(message, out);
      return;
    }
    int lengthAt = out.writerIndex();
    out.writeZero(Integer.BYTES);
    HeaderCodec.write(message.header(), out);
    writePayload(message, out);
    out.setInt(lengthAt, out.writerIndex() - lengthAt - Integer.BYTES);
  }

  private static void writePayload(Message message, ByteBuf out) {
    boolean framed =
        message.framing() == Framing.FRAMED || message.framing() == Framing.TTHEADER_FRAMED;
    if (message.protocol() == Message.Protocol.THRIFT) {
      if (framed) {
        out.writeInt(message.payload().length);
      }
    } else if (framed) {
      Envelope envelope = Envelope.of(message);
      out.writeInt(envelope.length() + message.payload().length);
      envelope.write(out);
    } else {
      throw new IllegalArgumentException(
          "framing: "
              + message.framing()
              + " (expected: FRAMED or TTHEADER_FRAMED for Kitex-Protobuf)");
    }
    out.writeBytes(message.payload());
  }
}
