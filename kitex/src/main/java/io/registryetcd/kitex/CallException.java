package io.registryetcd.kitex;

import org.jspecify.annotations.Nullable;

/**
 * Why a call has no reply, before it becomes an exception of Thrift or a status of gRPC. The
 * message names the service, the method and the instance.
 */
final class CallException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** What the caller can make of it. */
  enum Reason {
    /** Not sent: there is no instance, or none could be picked or connected to. */
    UNAVAILABLE,
    /** The time is over; may have run. */
    TIMED_OUT,
    /** The connection ended after the request was sent; may have run. */
    CONNECTION_LOST,
    /** What came back is no reply to this request; may have run. */
    MALFORMED_REPLY,
    /** The caller gave up, or closed the client; may have run. */
    CANCELLED
  }

  private final Reason reason;

  CallException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
