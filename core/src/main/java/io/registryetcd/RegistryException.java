package io.registryetcd;

import org.jspecify.annotations.Nullable;

/**
 * The root of what this library throws on its own account. The subclasses differ in what the caller
 * can do about it.
 *
 * @since 0.1
 */
public class RegistryException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param message names the key, the endpoint and the next step
   */
  public RegistryException(String message) {
    super(message);
  }

  /**
   * An exception with a message for people and a cause.
   *
   * @param message names the key, the endpoint and the next step
   * @param cause what it comes from
   */
  public RegistryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
