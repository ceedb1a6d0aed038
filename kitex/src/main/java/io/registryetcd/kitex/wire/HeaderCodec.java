package io.registryetcd.kitex.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * The bytes of a {@link TTHeader}, all numbers big-endian.
 *
 * <pre>
 *  0  u32 LENGTH of all that follows, payload included
 *  4  u16 0x1000, u16 FLAGS, i32 SEQUENCE
 * 12  u16 quarter of the size from here to the payload
 * 14  u8 protocol, u8 number of transforms
 * 16  blocks: metadata under names, under numbers, an access token; zeroes up to the payload
 * </pre>
 */
final class HeaderCodec {

  /** The second word of a message that begins with a TTHeader, without the flags. */
  static final int MAGIC = 0x1000_0000;

  /** The smallest header, without LENGTH. */
  static final int MIN_BYTES = 14;

  private static final int WORD = 4;
  private static final int MAX_WORDS = 0xffff;
  private static final int MAX_KEY = 0xffff;
  private static final int MAX_TEXT_BYTES = 0xffff;
  private static final int PADDING = 0x00;
  private static final int STRINGS = 0x01;
  private static final int INTS = 0x10;
  private static final int ACL_TOKEN = 0x11;

  private HeaderCodec() {}

  /**
   * Reads a header off a buffer that holds one whole message after its LENGTH; the payload is left.
   */
  static TTHeader read(ByteBuf in) throws MalformedMessageException {
    if (in.readableBytes() < MIN_BYTES) {
      throw new MalformedMessageException(
          "frame: "
              + in.readableBytes()
              + " bytes (expected: at least "
              + MIN_BYTES
              + ", a header)");
    }
    int flags = in.skipBytes(Short.BYTES).readUnsignedShort();
    int sequence = in.readInt();
    int size = in.readUnsignedShort() * WORD;
    if (size == 0 || size > in.readableBytes()) {
      throw new MalformedMessageException(
          "header size: " + size + " (expected: 4 to " + in.readableBytes() + ", by LENGTH)");
    }
    ByteBuf blocks = in.readSlice(size);
    checkProtocol(blocks.readUnsignedByte());
    int transforms = blocks.readUnsignedByte();
    if (transforms != 0) {
      throw new MalformedMessageException("header transforms: " + transforms + " (expected: 0)");
    }
    var ints = new TreeMap<Integer, String>();
    var strings = new TreeMap<String, String>();
    while (blocks.isReadable()) {
      readBlock(blocks, ints, strings);
    }
    return new TTHeader(flags, sequence, ints, strings);
  }

  private static void checkProtocol(int protocol) throws MalformedMessageException {
    switch (protocol) {
      case 0x00, 0x03, 0x04, 0x10, 0x11 -> {}
      default ->
          throw new MalformedMessageException(
              "header protocol: " + protocol + " (expected: 0, 3, 4, 16 or 17)");
    }
  }

  private static void readBlock(ByteBuf in, Map<Integer, String> ints, Map<String, String> strings)
      throws MalformedMessageException {
    int block = in.readUnsignedByte();
    switch (block) {
      case PADDING -> {}
      case STRINGS -> {
        for (int left = readShort(in); left > 0; left--) {
          strings.put(readText(in), readText(in));
        }
      }
      case INTS -> {
        for (int left = readShort(in); left > 0; left--) {
          ints.put(readShort(in), readText(in));
        }
      }
      case ACL_TOKEN -> strings.put(TTHeader.ACL_TOKEN, readText(in));
      default ->
          throw new MalformedMessageException(
              "header block: " + block + " (expected: 0, 1, 16 or 17)");
    }
  }

  private static int readShort(ByteBuf in) throws MalformedMessageException {
    checkLeft(in, Short.BYTES);
    return in.readUnsignedShort();
  }

  private static String readText(ByteBuf in) throws MalformedMessageException {
    int length = readShort(in);
    checkLeft(in, length);
    return in.readString(length, StandardCharsets.UTF_8);
  }

  private static void checkLeft(ByteBuf in, int bytes) throws MalformedMessageException {
    if (bytes > in.readableBytes()) {
      throw new MalformedMessageException(
          "header block: "
              + bytes
              + " bytes (expected: at most "
              + in.readableBytes()
              + ", to the header's end)");
    }
  }

  /** Writes a header without LENGTH. */
  static void write(TTHeader header, ByteBuf out) {
    out.writeInt(MAGIC | header.flags());
    out.writeInt(header.sequence());
    int sizeAt = out.writerIndex();
    out.writeZero(Short.BYTES);
    int from = out.writerIndex();
    out.writeZero(2); // protocol, transforms
    writeStrings(header.strings(), out);
    writeInts(header.ints(), out);
    out.writeZero(-(out.writerIndex() - from) & (WORD - 1));
    int size = out.writerIndex() - from;
    if (size > MAX_WORDS * WORD) {
      throw new IllegalArgumentException(
          "header: " + size + " bytes (expected: at most " + MAX_WORDS * WORD + ")");
    }
    out.setShort(sizeAt, size / WORD);
  }

  private static void writeStrings(Map<String, String> strings, ByteBuf out) {
    if (!strings.isEmpty()) {
      out.writeByte(STRINGS).writeShort(strings.size());
      strings.forEach(
          (key, value) -> {
            writeText(key, key, out);
            writeText(key, value, out);
          });
    }
  }

  private static void writeInts(Map<Integer, String> ints, ByteBuf out) {
    if (!ints.isEmpty()) {
      out.writeByte(INTS).writeShort(ints.size());
      ints.forEach(
          (key, value) -> {
            if (key < 0 || key > MAX_KEY) {
              throw new IllegalArgumentException("header: key " + key + " (expected: 0 to 65535)");
            }
            out.writeShort(key);
            writeText(key, value, out);
          });
    }
  }

  private static void writeText(Object key, String text, ByteBuf out) {
    int length = ByteBufUtil.utf8Bytes(text);
    if (length > MAX_TEXT_BYTES) {
      throw new IllegalArgumentException(
          "header: "
              + length
              + " bytes under "
              + key
              + " (expected: at most "
              + MAX_TEXT_BYTES
              + ")");
    }
    out.writeShort(length);
    out.writeCharSequence(text, StandardCharsets.UTF_8);
  }
}
