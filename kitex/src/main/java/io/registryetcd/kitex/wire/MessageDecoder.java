package io.registryetcd.kitex.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.registryetcd.kitex.Framing;
import io.registryetcd.kitex.wire.MalformedMessageException.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Finds the messages in the bytes of one connection. Each message says by its first 8 bytes how it
 * is framed, so messages of all framings may follow one another.
 *
 * <p>Waits for no more than {@code maxFrameBytes} and a MeshHeader of 64 KiB; looks at each byte
 * once, however the bytes are cut. For one thread.
 */
public final class MessageDecoder {

  /** The default of {@code maxFrameBytes}: 16 MiB. */
  public static final int DEFAULT_MAX_FRAME_BYTES = 16 * 1024 * 1024;

  private static final int DETECTION_BYTES = 8;
  private static final int LENGTH_BYTES = 4;
  private static final int GRPC = 0x5052_4920; // "PRI ", which begins the preface of HTTP/2
  private static final int MESH = 0xffaf;

  private final int maxFrameBytes;

  /** A buffered message that has begun. */
  private @Nullable Buffered buffered;

  /**
   * For one connection.
   *
   * @param maxFrameBytes the most a frame's length may be, a TTHeader's LENGTH, and the length of a
   *     buffered message
   */
  public MessageDecoder(int maxFrameBytes) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /**
   * The next message, read off the buffer; null if it is not complete yet, and nothing is read.
   *
   * @param in all bytes that arrived and were not read; between two calls only grows at its end
   * @throws MalformedMessageException if these bytes cannot become a message; the decoder must not
   *     be used any more
   */
  public @Nullable Message decode(ByteBuf in) throws MalformedMessageException {
    ByteBuf rest = in.slice();
    Message message = next(rest);
    if (message != null) {
      in.skipBytes(rest.readerIndex());
    }
    return message;
  }

  private @Nullable Message next(ByteBuf in) throws MalformedMessageException {
    if (in.readableBytes() < DETECTION_BYTES) {
      return null;
    }
    if (isTTHeader(in)) {
      return withHeader(in);
    }
    if (firstWord(in) == GRPC) {
      throw new MalformedMessageException(
          Kind.GRPC,
          "protocol: gRPC (expected: Thrift or Kitex-Protobuf; serve gRPC on a port of its own,"
              + " with grpc-java and GrpcRegistration)");
    }
    return skippedMeshHeader(in) ? withoutHeader(in) : null;
  }

  /** Its values are of no use here. */
  private static boolean skippedMeshHeader(ByteBuf in) {
    if (firstWord(in) >>> 16 == MESH) {
      int length = LENGTH_BYTES + (firstWord(in) & 0xffff);
      if (in.readableBytes() < length + DETECTION_BYTES) {
        return false;
      }
      in.skipBytes(length);
    }
    return true;
  }

  private @Nullable Message withoutHeader(ByteBuf in) throws MalformedMessageException {
    if (Envelope.isThrift(firstWord(in))) {
      return buffered(in);
    }
    checkFramed(in);
    ByteBuf frame = frame(in);
    return frame == null ? null : message(Framing.FRAMED, TTHeader.EMPTY, frame);
  }

  private @Nullable Message buffered(ByteBuf in) throws MalformedMessageException {
    if (buffered == null) {
      int length = Envelope.length(in, maxFrameBytes);
      if (in.readableBytes() < length) {
        return null;
      }
      buffered = new Buffered(in, length, maxFrameBytes);
    }
    Message message = buffered.read(in);
    if (message != null) {
      buffered = null;
    }
    return message;
  }

  private @Nullable Message withHeader(ByteBuf in) throws MalformedMessageException {
    if ((secondWord(in) & TTHeader.STREAMING) != 0) {
      throw new MalformedMessageException(
          Kind.STREAMING,
          "protocol: TTHeader streaming (expected: calls with one request and one reply; for"
              + " streams use gRPC)");
    }
    ByteBuf frame = frame(in);
    return frame == null ? null : message(HeaderCodec.read(frame), frame);
  }

  /** A message from what follows its TTHeader, which is all the buffer holds. */
  private static Message message(TTHeader header, ByteBuf frame) throws MalformedMessageException {
    Envelope.checkRoom(frame.readableBytes());
    if (Envelope.isThrift(firstWord(frame))) {
      return message(Framing.TTHEADER, header, frame);
    }
    checkFramed(frame);
    if (frame.readUnsignedInt() != frame.readableBytes()) {
      throw new MalformedMessageException(
          "frame: "
              + frame.getUnsignedInt(frame.readerIndex() - LENGTH_BYTES)
              + " bytes (expected: "
              + frame.readableBytes()
              + ", by the header's LENGTH)");
    }
    return message(Framing.TTHEADER_FRAMED, header, frame);
  }

  private static boolean isTTHeader(ByteBuf in) {
    return (secondWord(in) & 0xffff_0000) == HeaderCodec.MAGIC;
  }

  private static void checkFramed(ByteBuf in) throws MalformedMessageException {
    if (!Envelope.isThrift(secondWord(in)) && !Envelope.isProtobuf(secondWord(in))) {
      throw new MalformedMessageException(
          "first bytes: "
              + ByteBufUtil.hexDump(in, in.readerIndex(), DETECTION_BYTES)
              + " (expected: a message of Thrift's strict binary protocol or of Kitex-Protobuf)");
    }
  }

  /** What the length at the buffer's start covers; null if it is not all there. */
  private @Nullable ByteBuf frame(ByteBuf in) throws MalformedMessageException {
    long length = in.getUnsignedInt(in.readerIndex());
    if (length > maxFrameBytes) {
      throw new MalformedMessageException(
          "frame: "
              + length
              + " bytes (expected: at most "
              + maxFrameBytes
              + ", which maxFrameBytes can raise)");
    }
    return in.readableBytes() - LENGTH_BYTES < length
        ? null
        : in.skipBytes(LENGTH_BYTES).readSlice((int) length);
  }

  private static int firstWord(ByteBuf in) {
    return in.getInt(in.readerIndex());
  }

  private static int secondWord(ByteBuf in) {
    return in.getInt(in.readerIndex() + LENGTH_BYTES);
  }

  /** A message from its payload, which is all the buffer holds. */
  private static Message message(Framing framing, TTHeader header, ByteBuf payload)
      throws MalformedMessageException {
    int envelopeLength = Envelope.length(payload, payload.readableBytes());
    Envelope envelope = Envelope.read(payload.duplicate());
    if (envelope.protocol() == Message.Protocol.PROTOBUF) {
      payload.skipBytes(envelopeLength);
    }
    return envelope.message(framing, header, ByteBufUtil.getBytes(payload));
  }

  /** A buffered message whose envelope is there; where it ends must be found in its struct. */
  private static final class Buffered {

    private final Envelope envelope;
    private final int envelopeLength;
    private final ValueScanner struct;

    Buffered(ByteBuf in, int envelopeLength, int maxFrameBytes) throws MalformedMessageException {
      this.envelope = Envelope.read(in.duplicate());
      this.envelopeLength = envelopeLength;
      this.struct = new ValueScanner(ValueScanner.STRUCT, maxFrameBytes - envelopeLength);
    }

    @Nullable Message read(ByteBuf in) throws MalformedMessageException {
      if (!isWhole(in)) {
        return null;
      }
      ByteBuf payload = in.readSlice(envelopeLength + struct.length());
      return envelope.message(Framing.BUFFERED, TTHeader.EMPTY, ByteBufUtil.getBytes(payload));
    }

    private boolean isWhole(ByteBuf in) throws MalformedMessageException {
      try {
        return struct.scan(in, in.readerIndex() + envelopeLength);
      } catch (MalformedMessageException e) {
        throw new MalformedMessageException(
            envelope.message(Framing.BUFFERED, TTHeader.EMPTY, new byte[0]), e);
      }
    }
  }
}
