package io.registryetcd.kitex;

/**
 * How a message is wrapped on the wire. A server takes every framing and answers in the same one; a
 * client chooses one for its requests and takes any in reply.
 *
 * @since 0.1
 */
public enum Framing {
  /** Nothing around the Thrift message. Not for Kitex-Protobuf. */
  BUFFERED,
  /** A length of four bytes before the message: what Kitex clients send unless told otherwise. */
  FRAMED,
  /** A TTHeader, with metadata, before the message. Not for Kitex-Protobuf. */
  TTHEADER,
  /** A TTHeader, with metadata, and a length before the message. */
  TTHEADER_FRAMED;

  /**
   * Whether a header with metadata goes before each message.
   *
   * @return true for the two with TTHeader
   */
  public boolean hasHeader() {
    return this == TTHEADER || this == TTHEADER_FRAMED;
  }
}
