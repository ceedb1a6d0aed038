package io.registryetcd.kitex.wire;

import io.netty.buffer.ByteBuf;

/**
 * Finds the end of a value of Thrift's binary protocol, most often of a struct, while its bytes
 * arrive.
 *
 * <p>Remembers where it is inside a stack of open structs and containers, so each byte is looked at
 * once however the bytes are cut. What a length covers is jumped over, a container of numbers in
 * one step. A length that does not fit the limit is an error at once, so the work is bounded by the
 * limit, and the memory by the depth.
 */
final class ValueScanner {

  static final int STOP = 0;
  static final int I32 = 8;
  static final int STRING = 11;
  static final int STRUCT = 12;
  static final int MAX_DEPTH = 64;

  private static final int BOOL = 2;
  private static final int BYTE = 3;
  private static final int DOUBLE = 4;
  private static final int I16 = 6;
  private static final int I64 = 10;
  private static final int MAP = 13;
  private static final int SET = 14;
  private static final int LIST = 15;
  private static final int UUID = 16;

  private static final int FIELDS = -1;

  private final int limit;
  private int position;

  /** The type of a value whose length is read next; {@link #STOP} if there is none. */
  private int pending = STOP;

  // what is open: containers, with how many elements are left and their types, and structs
  private final int[] left = new int[MAX_DEPTH];
  private final int[] keyType = new int[MAX_DEPTH];
  private final int[] valueType = new int[MAX_DEPTH];
  private int depth;

  /**
   * For one value.
   *
   * @param limit how many bytes it may have
   */
  ValueScanner(int type, int limit) throws MalformedMessageException {
    this.limit = limit;
    begin(type);
  }

  /**
   * Goes on with what has arrived.
   *
   * @param start where the value begins in the buffer
   * @return whether all of the value is there; its length is {@link #length()}
   */
  boolean scan(ByteBuf in, int start) throws MalformedMessageException {
    int available = in.writerIndex() - start;
    while (pending != STOP || depth > 0) {
      if (!step(in, start, available)) {
        return false;
      }
    }
    return position <= available;
  }

  int length() {
    return position;
  }

  private boolean step(ByteBuf in, int start, int available) throws MalformedMessageException {
    if (pending != STOP) {
      return least(pending) <= available - position && readLength(in, start + position);
    }
    int top = depth - 1;
    if (left[top] == FIELDS) {
      return position < available && readField(in.getByte(start + position));
    }
    if (left[top] == 0) {
      depth--;
    } else {
      begin(left[top]-- % 2 == 0 ? keyType[top] : valueType[top]);
    }
    return true;
  }

  private boolean readField(int type) throws MalformedMessageException {
    if (type == STOP) {
      skip(Byte.BYTES);
      depth--;
    } else {
      skip(Byte.BYTES + Short.BYTES);
      begin(type);
    }
    return true;
  }

  private void begin(int type) throws MalformedMessageException {
    if (isNumber(type)) {
      skip(least(type));
    } else if (type == STRUCT) {
      open(STOP, STOP, FIELDS);
    } else {
      least(type);
      pending = type;
    }
  }

  private boolean readLength(ByteBuf in, int at) throws MalformedMessageException {
    int type = pending;
    pending = STOP;
    skip(least(type));
    switch (type) {
      case MAP -> beginElements(in.getByte(at), in.getByte(at + 1), 2L * in.getInt(at + 2));
      case SET, LIST -> beginElements(in.getByte(at), in.getByte(at), in.getInt(at + 1));
      default -> skip(in.getInt(at));
    }
    return true;
  }

  /** Keys and values take turns; a set or a list has elements of one type. */
  private void beginElements(int key, int value, long count) throws MalformedMessageException {
    if (count == 0) {
      return; // whatever the types are
    }
    long bytes = count * (least(key) + least(value)) / 2;
    checkRoom(bytes);
    if (isNumber(key) && isNumber(value)) {
      skip(bytes);
    } else {
      open(key, value, (int) count);
    }
  }

  private void open(int key, int value, int count) throws MalformedMessageException {
    if (depth == MAX_DEPTH) {
      throw new MalformedMessageException(
          "payload: nested more than " + MAX_DEPTH + " deep (expected: at most " + MAX_DEPTH + ")");
    }
    keyType[depth] = key;
    valueType[depth] = value;
    left[depth] = count;
    depth++;
  }

  private void skip(long bytes) throws MalformedMessageException {
    checkRoom(bytes);
    position += (int) bytes;
  }

  private void checkRoom(long bytes) throws MalformedMessageException {
    if (bytes < 0 || bytes > limit - position) {
      throw new MalformedMessageException(
          "payload: "
              + bytes
              + " more bytes (expected: 0 to "
              + (limit - position)
              + ", up to maxFrameBytes)");
    }
  }

  private static boolean isNumber(int type) {
    return type < STRING || type == UUID;
  }

  /** How many bytes a number has, and any other value at least. */
  private static int least(int type) throws MalformedMessageException {
    return switch (type) {
      case BOOL, BYTE, STRUCT -> 1;
      case I16 -> 2;
      case I32, STRING -> 4;
      case SET, LIST -> 5;
      case MAP -> 6;
      case I64, DOUBLE -> 8;
      case UUID -> 16;
      default ->
          throw new MalformedMessageException(
              "payload: type " + type + " (expected: a type of Thrift, 2 to 16)");
    };
  }
}
