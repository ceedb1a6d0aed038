package io.registryetcd;

import org.jspecify.annotations.Nullable;

/**
 * etcd refuses the request itself: no space left, value too large, endpoints of two clusters. The
 * message says which.
 *
 * @since 0.1
 */
public final class EtcdRefusedException extends RegistryException {

  private static final long serialVersionUID = 1L;

  EtcdRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
