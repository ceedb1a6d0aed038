package io.registryetcd.kitex.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Why a call was not answered: the payload of an EXCEPTION, in either protocol.
 *
 * @param code as in Thrift's {@code TApplicationException}
 * @param message for people
 */
public record ApplicationError(int code, String message) {

  /** Nothing is known; also what a payload without a code means. */
  public static final int UNKNOWN = 0;

  /** The service is known, its method is not. */
  public static final int UNKNOWN_METHOD = 1;

  /** The handler failed. */
  public static final int INTERNAL_ERROR = 6;

  /** The arguments cannot be read. */
  public static final int PROTOCOL_ERROR = 7;

  /** No service with this method (Kitex's own number). */
  public static final int NO_SUCH_SERVICE = 20;

  private static final int THRIFT_MESSAGE = 1;
  private static final int THRIFT_CODE = 2;
  private static final int PROTOBUF_CODE = 1;
  private static final int PROTOBUF_CODE_TAG = PROTOBUF_CODE << 3; // a varint
  private static final int PROTOBUF_MESSAGE = 2;
  private static final int PROTOBUF_MESSAGE_TAG = PROTOBUF_MESSAGE << 3 | 2; // with a length

  /**
   * The EXCEPTION that answers a request, in its framing and protocol, with the sequence ids Kitex
   * gives it. If the connection is to be closed the TTHeader asks the client to.
   */
  public static Message exception(Message request, ApplicationError error) {
    Envelope envelope =
        new Envelope(
            request.protocol(), Message.Type.EXCEPTION, request.method(), error.sequence(request));
    byte[] payload =
        switch (request.protocol()) {
          case THRIFT -> error.toThrift(envelope);
          case PROTOBUF -> error.toProtobuf();
        };
    Message exception = request.reply(envelope, payload);
    return error.closesConnection()
        ? exception.withStrings(Map.of(TTHeader.CONNECTION_RESET, "1"))
        : exception;
  }

  /** In Kitex-Protobuf the method is looked up before the request's sequence id is read. */
  private int sequence(Message request) {
    boolean unread =
        request.protocol() == Message.Protocol.PROTOBUF
            && (code == UNKNOWN_METHOD || code == NO_SUCH_SERVICE);
    return unread ? request.header().sequence() : request.sequence();
  }

  /** Whether a server closes the connection behind it: after all but a handler's failure. */
  public boolean closesConnection() {
    return code != INTERNAL_ERROR;
  }

  private byte[] toThrift(Envelope envelope) {
    ByteBuf out = Unpooled.buffer();
    envelope.write(out);
    out.writeByte(ValueScanner.STRING).writeShort(THRIFT_MESSAGE);
    out.writeInt(ByteBufUtil.utf8Bytes(message));
    out.writeCharSequence(message, StandardCharsets.UTF_8);
    out.writeByte(ValueScanner.I32).writeShort(THRIFT_CODE).writeInt(code);
    out.writeByte(ValueScanner.STOP);
    return ByteBufUtil.getBytes(out);
  }

  private byte[] toProtobuf() {
    var bytes = new ByteArrayOutputStream();
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.writeInt32(PROTOBUF_CODE, code);
      out.writeString(PROTOBUF_MESSAGE, message);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * The error in an EXCEPTION. A missing code is {@link #UNKNOWN}, a missing text empty; what
   * cannot be read is a {@link #PROTOCOL_ERROR}.
   */
  public static ApplicationError of(Message exception) {
    try {
      return switch (exception.protocol()) {
        case THRIFT -> ofThrift(Unpooled.wrappedBuffer(exception.payload()));
        case PROTOBUF -> ofProtobuf(CodedInputStream.newInstance(exception.payload()));
      };
    } catch (MalformedMessageException | IOException e) {
      return new ApplicationError(
          PROTOCOL_ERROR, "an exception that cannot be read: " + e.getMessage());
    }
  }

  private static ApplicationError ofThrift(ByteBuf in) throws MalformedMessageException {
    String text = "";
    int code = UNKNOWN;
    Envelope.read(in);
    checkValue(ValueScanner.STRUCT, in);
    for (int type = in.readByte(); type != ValueScanner.STOP; type = in.readByte()) {
      int field = in.readShort();
      ByteBuf value = in.readSlice(checkValue(type, in));
      if (field == THRIFT_MESSAGE && type == ValueScanner.STRING) {
        text = value.skipBytes(Integer.BYTES).toString(StandardCharsets.UTF_8);
      } else if (field == THRIFT_CODE && type == ValueScanner.I32) {
        code = value.readInt();
      }
    }
    return new ApplicationError(code, text);
  }

  /** The length of the value that is next. */
  private static int checkValue(int type, ByteBuf in) throws MalformedMessageException {
    var value = new ValueScanner(type, in.readableBytes());
    if (!value.scan(in, in.readerIndex())) {
      throw new MalformedMessageException("payload: ends too early (expected: a whole struct)");
    }
    return value.length();
  }

  private static ApplicationError ofProtobuf(CodedInputStream in) throws IOException {
    String text = "";
    int code = UNKNOWN;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case PROTOBUF_CODE_TAG -> code = in.readInt32();
        case PROTOBUF_MESSAGE_TAG -> text = in.readString();
        default -> in.skipField(tag);
      }
    }
    return new ApplicationError(code, text);
  }
}
