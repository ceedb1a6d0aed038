package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EtcdExtensionTest {
  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private static long firstPid;

  @Test
  @Order(1)
  void firstMethodLeavesKeysAndLeases(TestEtcd etcd) {
    firstPid = etcd.pid();
    etcd.etcdctl("put", "key", "value");
    etcd.etcdctl("lease", "grant", "100");
    assertThat(etcd.endpoint()).isEqualTo(ETCD.endpoint());
  }

  @Test
  @Order(2)
  void nextMethodFindsTheSameEtcdEmptyAndKillsIt(TestEtcd etcd) {
    assertThat(etcd.pid()).isEqualTo(firstPid);
    assertEmpty(etcd);
    etcd.etcdctl("put", "key", "value");
    etcd.kill();
  }

  @Test
  @Order(3)
  void killedEtcdIsRestartedEmptyAndThenFrozen(TestEtcd etcd) {
    assertEmpty(etcd);
    etcd.pause();
  }

  @Test
  @Order(4)
  void frozenEtcdGoesOnAndThenGetsUsers(TestEtcd etcd) {
    assertEmpty(etcd);
    etcd.enableAuth("secret");
  }

  @Test
  @Order(5)
  void usersAreGone(TestEtcd etcd) {
    assertEmpty(etcd);
    assertThat(etcd.etcdctl("user", "list")).isBlank();
  }

  private static void assertEmpty(TestEtcd etcd) {
    assertThat(etcd.etcdctl("get", "", "--from-key=true")).isEmpty();
    assertThat(etcd.etcdctl("lease", "list")).contains("found 0 leases");
  }
}
