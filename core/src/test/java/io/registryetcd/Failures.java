package io.registryetcd;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;

/** What an etcd client reports when a call did not end with a result. */
final class Failures {

  private Failures() {}

  static EtcdException away() {
    return of(Kind.UNAVAILABLE);
  }

  static EtcdException refused() {
    return of(Kind.REFUSED);
  }

  static EtcdException denied() {
    return of(Kind.DENIED);
  }

  static EtcdException of(Kind kind) {
    return new EtcdException(kind, "etcd:2379", "made up: " + kind);
  }
}
