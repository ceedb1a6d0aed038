package io.registryetcd.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * One HTTP/2 frame (RFC 9113, section 4.1) that passes a {@link FaultProxy}.
 *
 * <p>gRPC messages lie in DATA frames, after a prefix of five bytes; a small message is one frame.
 * Immutable and thread-safe.
 *
 * @since 0.1.0
 */
public final class Http2Frame {
  /** The type of a DATA frame. */
  public static final int DATA = 0;

  /** The type of a HEADERS frame. */
  public static final int HEADERS = 1;

  /** The type of a RST_STREAM frame. */
  public static final int RST_STREAM = 3;

  /** The type of a SETTINGS frame. */
  public static final int SETTINGS = 4;

  /** The type of a PING frame. */
  public static final int PING = 6;

  /** The type of a GOAWAY frame. */
  public static final int GOAWAY = 7;

  static final int HEADER_LENGTH = 9;

  private static final int TYPE = 3;
  private static final int FLAGS = 4;
  private static final int STREAM = 5;

  private final int connection;
  private final byte[] bytes;

  Http2Frame(int connection, byte[] bytes) {
    this.connection = connection;
    this.bytes = bytes;
  }

  /**
   * A stateful predicate that is true for one frame: the n-th that matches.
   *
   * @param n counted from 1
   * @param predicate what counts
   * @return true for the n-th match only
   */
  public static Predicate<Http2Frame> nth(int n, Predicate<Http2Frame> predicate) {
    AtomicInteger matches = new AtomicInteger();
    return frame -> predicate.test(frame) && matches.incrementAndGet() == n;
  }

  /**
   * The connection that carries the frame.
   *
   * @return the number of the connection, counted from 1 in the order of acceptance
   */
  public int connection() {
    return connection;
  }

  /**
   * The type of the frame.
   *
   * @return for example {@link #DATA}
   */
  public int type() {
    return bytes[TYPE] & 0xff;
  }

  /**
   * The flags of the frame.
   *
   * @return eight bits; 1 is END_STREAM on DATA and HEADERS, and ACK on SETTINGS and PING
   */
  public int flags() {
    return bytes[FLAGS] & 0xff;
  }

  /**
   * The stream of the frame.
   *
   * @return the stream id, 0 for the connection as a whole
   */
  public int stream() {
    return ((bytes[STREAM] & 0x7f) << 24)
        | ((bytes[STREAM + 1] & 0xff) << 16)
        | ((bytes[STREAM + 2] & 0xff) << 8)
        | (bytes[STREAM + 3] & 0xff);
  }

  /**
   * Whether this is a DATA frame with content.
   *
   * @return true if it carries (a part of) a message
   */
  public boolean isData() {
    return type() == DATA && bytes.length > HEADER_LENGTH;
  }

  /**
   * The content of the frame.
   *
   * @return a copy of everything after the frame's header
   */
  public byte[] payload() {
    return Arrays.copyOfRange(bytes, HEADER_LENGTH, bytes.length);
  }

  /**
   * Looks for a text in the content, such as an etcd key in a request.
   *
   * @param text what to look for, compared in UTF-8
   * @return whether the content contains it
   */
  public boolean contains(String text) {
    return contains(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Looks for bytes in the content.
   *
   * @param wanted what to look for
   * @return whether the content contains them
   */
  public boolean contains(byte[] wanted) {
    for (int start = HEADER_LENGTH; start + wanted.length <= bytes.length; start++) {
      if (Arrays.equals(bytes, start, start + wanted.length, wanted, 0, wanted.length)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return "Http2Frame[type=%d, flags=%d, stream=%d, payload=%d bytes]"
        .formatted(type(), flags(), stream(), bytes.length - HEADER_LENGTH);
  }
}
