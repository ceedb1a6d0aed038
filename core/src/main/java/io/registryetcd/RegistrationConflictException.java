package io.registryetcd;

/**
 * Another process owns the key. It was registered later at the same address, and the newest wins:
 * end one of the two, or give them different addresses.
 *
 * @since 0.1
 */
public final class RegistrationConflictException extends RegistryException {

  private static final long serialVersionUID = 1L;

  RegistrationConflictException(String message) {
    super(message);
  }
}
