package io.registryetcd.kitex;

import java.util.Map;
import java.util.TreeMap;

/**
 * A call that was answered, with a status of the application: Kitex's {@code BizStatusError}. A
 * handler throws it (a gRPC handler may also give it to {@code onError}); a client's call throws it
 * and keeps the connection.
 *
 * <pre>{@code
 * throw new BizStatusException(1001, "out of stock", Map.of("sku", "42"));
 * }</pre>
 *
 * <p>It travels in the TTHeader. In the buffered and framed framings, where Kitex loses it, the
 * caller of our server gets an application exception with code 6 instead.
 *
 * @since 0.1
 */
public final class BizStatusException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Not 0. */
  private final int status;

  /** Sorted. */
  private final TreeMap<String, String> extra;

  /**
   * A status without further facts.
   *
   * @param status not 0, which stands for success
   * @param message for people
   */
  public BizStatusException(int status, String message) {
    this(status, message, Map.of());
  }

  /**
   * A status with further facts.
   *
   * @param status not 0, which stands for success
   * @param message for people
   * @param extra copied
   * @throws IllegalArgumentException if the status is 0
   */
  public BizStatusException(int status, String message, Map<String, String> extra) {
    super(message);
    if (status == 0) {
      throw new IllegalArgumentException("status: 0 (expected: not 0, which stands for success)");
    }
    this.status = status;
    this.extra = new TreeMap<>(extra);
  }

  /**
   * The application's number for what happened.
   *
   * @return not 0
   */
  public int status() {
    return status;
  }

  /**
   * Further facts.
   *
   * @return a copy, sorted
   */
  public Map<String, String> extra() {
    return new TreeMap<>(extra);
  }
}
