package io.registryetcd.etcd;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;

/**
 * Keys from {@code start} to before {@code end}; an empty {@code end} means the one key {@code
 * start}.
 */
public record KeyRange(ByteString start, ByteString end) {

  /** The range of one key. */
  public static KeyRange key(ByteString key) {
    return new KeyRange(key, ByteString.EMPTY);
  }

  /**
   * All keys that begin with {@code prefix}, which must end below 0xff (a key of ours ends with a
   * slash).
   */
  public static KeyRange prefix(String prefix) {
    byte[] end = prefix.getBytes(StandardCharsets.UTF_8);
    end[end.length - 1]++;
    return new KeyRange(ByteString.copyFromUtf8(prefix), ByteString.copyFrom(end));
  }

  /** Whether {@code key} lies in this range. */
  public boolean contains(ByteString key) {
    if (end.isEmpty()) {
      return key.equals(start);
    }
    var order = ByteString.unsignedLexicographicalComparator();
    return order.compare(start, key) <= 0 && order.compare(key, end) < 0;
  }
}
