package io.registryetcd;

import org.jspecify.annotations.Nullable;

/**
 * etcd refuses this user: the name or password is wrong, or a permission is missing. An operator
 * must act; the message names the key.
 *
 * @since 0.1
 */
public final class EtcdDeniedException extends RegistryException {

  private static final long serialVersionUID = 1L;

  EtcdDeniedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
