package io.registryetcd;

import org.jspecify.annotations.Nullable;

/**
 * etcd does not answer. Nothing to do but to wait: the library tries on by itself.
 *
 * @since 0.1
 */
public final class EtcdUnreachableException extends RegistryException {

  private static final long serialVersionUID = 1L;

  EtcdUnreachableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
