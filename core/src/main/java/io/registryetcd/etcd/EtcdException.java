package io.registryetcd.etcd;

import org.jspecify.annotations.Nullable;

/**
 * A call or stream that did not end with a result. {@link #kind()} says what can be done about it.
 */
public final class EtcdException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What a failure means to the caller. */
  public enum Kind {
    /**
     * No answer: unreachable, no leader, deadline, overload, a stream's end. The outcome is
     * unknown; try again.
     */
    UNAVAILABLE,
    /** Answered: this user may not do this. */
    DENIED,
    /** Answered: name or password are wrong, missing, or not expected. */
    UNAUTHENTICATED,
    /** Answered: the lease does not exist (any more). */
    LEASE_NOT_FOUND,
    /** Answered: the lease exists already. */
    LEASE_EXISTS,
    /** Answered: the revision is compacted. */
    COMPACTED,
    /** Answered: no space, too large, invalid; the same request will be refused again. */
    REFUSED,
    /** Another cluster answered than the one in use: the endpoints are of two clusters. */
    WRONG_CLUSTER,
    /** The client was closed. */
    CLOSED
  }

  private final Kind kind;
  private final String endpoint;

  /** A failure at {@code endpoint}; the message names it. */
  public EtcdException(Kind kind, String endpoint, String message, @Nullable Throwable cause) {
    super(message + " [etcd " + endpoint + "]", cause);
    this.kind = kind;
    this.endpoint = endpoint;
  }

  /** A failure at {@code endpoint} without a deeper cause. */
  public EtcdException(Kind kind, String endpoint, String message) {
    super(message + " [etcd " + endpoint + "]");
    this.kind = kind;
    this.endpoint = endpoint;
  }

  /** What can be done about it. */
  public Kind kind() {
    return kind;
  }

  /** The endpoint that answered, or did not. */
  public String endpoint() {
    return endpoint;
  }
}
