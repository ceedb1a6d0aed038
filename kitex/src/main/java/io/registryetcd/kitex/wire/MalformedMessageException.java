package io.registryetcd.kitex.wire;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that are no message, or one that is too large; the text says what was expected. The
 * connection they came from cannot be read any further.
 */
public final class MalformedMessageException extends Exception {

  private static final long serialVersionUID = 1;

  /** What the bytes were instead. */
  public enum Kind {
    /** Nothing that is known. */
    MALFORMED,
    /** The beginning of gRPC, or of any HTTP/2. */
    GRPC,
    /** A frame of Kitex's TTHeader streaming. */
    STREAMING
  }

  private final Kind kind;
  private final transient @Nullable Message envelope;

  public MalformedMessageException(String message) {
    this(Kind.MALFORMED, message);
  }

  MalformedMessageException(Kind kind, String message) {
    super(message);
    this.kind = kind;
    this.envelope = null;
  }

  /** A message whose payload went wrong after its envelope. */
  MalformedMessageException(Message envelope, MalformedMessageException cause) {
    super(cause.getMessage(), cause);
    this.kind = cause.kind;
    this.envelope = envelope;
  }

  public Kind kind() {
    return kind;
  }

  /**
   * What could be read of the message, to answer it: all but the payload, which is empty. Only a
   * buffered message is malformed after its envelope, because there the payload says how long it
   * is; the payload of other messages is never looked at.
   */
  public Optional<Message> envelope() {
    return Optional.ofNullable(envelope);
  }
}
