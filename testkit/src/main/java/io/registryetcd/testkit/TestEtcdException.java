package io.registryetcd.testkit;

import java.io.Serial;

/**
 * Something the test kit needs did not work: no etcd was found, etcd did not start, or an etcdctl
 * command failed. The message says what to do, or carries what the process printed.
 *
 * @since 0.1.0
 */
public final class TestEtcdException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  TestEtcdException(String message) {
    super(message);
  }

  TestEtcdException(String message, Throwable cause) {
    super(message, cause);
  }
}
