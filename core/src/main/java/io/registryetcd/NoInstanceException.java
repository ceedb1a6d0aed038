package io.registryetcd;

import org.jspecify.annotations.Nullable;

/**
 * A service has no instance that could be called. {@link #reason()} says why, and the cause holds
 * etcd's answer where there is one.
 *
 * @since 0.1
 */
public final class NoInstanceException extends RegistryException {

  private static final long serialVersionUID = 1L;

  /** Why there is no instance. */
  public enum Reason {
    /** etcd has no key in the service's range: nothing is registered there. */
    NO_KEY,
    /** There are keys, and none of their values can be read. */
    ALL_MALFORMED,
    /**
     * There are instances, and all are filtered: weight 0 with a default weight that is not above
     * 0.
     */
    ALL_FILTERED,
    /** etcd has not answered yet. */
    UNREACHABLE,
    /** etcd refuses to show the range to this user. */
    DENIED
  }

  /** Why there is no instance. */
  private final Reason reason;

  NoInstanceException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  NoInstanceException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /**
   * Why there is no instance.
   *
   * @return the reason
   */
  public Reason reason() {
    return reason;
  }
}
