package io.registryetcd.layout;

/**
 * A stored value that does not describe an instance. The message says what was found and what was
 * expected; it never holds the whole value.
 *
 * @since 0.1
 */
public final class MalformedInstanceException extends Exception {

  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param message what was found, and what was expected
   */
  public MalformedInstanceException(String message) {
    super(message);
  }
}
