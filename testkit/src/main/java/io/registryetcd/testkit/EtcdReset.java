package io.registryetcd.testkit;

import java.time.Duration;
import java.util.List;

/** Makes a used etcd as good as new, whatever a test did to it. */
final class EtcdReset {
  private static final Duration READY_LIMIT = Duration.ofSeconds(30);
  private static final int MANY_LEASES = 8;
  private static final String LEASE_ID = "[0-9a-f]{8,16}";

  private final TestEtcd etcd;

  EtcdReset(TestEtcd etcd) {
    this.etcd = etcd;
  }

  void run() {
    if (!etcd.isAlive()) {
      etcd.restart();
    } else {
      etcd.resume();
      etcd.awaitReady(READY_LIMIT);
    }
    if (!clear()) {
      etcd.wipe();
      etcd.restart();
    }
  }

  /** False if only a wipe helps. */
  private boolean clear() {
    if (etcd.hasAuth()) {
      return false;
    }
    try {
      if (!etcd.etcdctl("alarm", "list").isBlank()) {
        return false;
      }
      List<String> leases =
          etcd.etcdctl("lease", "list").lines().filter(l -> l.matches(LEASE_ID)).toList();
      if (leases.size() > MANY_LEASES) {
        return false;
      }
      leases.forEach(lease -> etcd.etcdctl("lease", "revoke", lease));
      etcd.etcdctl("del", "", "--from-key=true");
      return true;
    } catch (TestEtcdException e) {
      // a lease that expired meanwhile, or authentication turned on by other means
      return false;
    }
  }
}
