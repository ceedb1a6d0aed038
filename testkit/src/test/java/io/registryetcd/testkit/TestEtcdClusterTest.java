package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TestEtcdClusterTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @Test
  void survivesItsLeaderAndTakesItBack() {
    try (TestEtcdCluster cluster = TestEtcdCluster.start(3)) {
      assertThat(cluster.endpoints()).hasSize(3).doesNotHaveDuplicates();
      cluster.member(0).etcdctl("put", "key", "value");
      int killed = cluster.killLeader();
      int next = cluster.awaitLeader(LIMIT);
      assertThat(next).isNotEqualTo(killed);
      cluster.member(next).etcdctl("put", "key", "other");
      cluster.member(killed).restart();
      cluster.awaitHealthy(LIMIT);
      assertThat(TestEtcdTest.value(cluster.member(killed), "key")).isEqualTo("other");
    }
  }

  @Test
  void isolatedMemberLosesTheLeadButKeepsItsClients() {
    try (TestEtcdCluster cluster = TestEtcdCluster.start(3)) {
      int isolated = cluster.leader();
      TestEtcd alone = cluster.member(isolated);
      cluster.isolate(isolated);
      org.awaitility.Awaitility.await()
          .atMost(LIMIT)
          .until(() -> cluster.leader() != isolated && !alone.isLeader());
      cluster.member(cluster.leader()).etcdctl("put", "key", "value");
      assertThat(alone.etcdctl("get", "key", "--consistency=s")).isEmpty();
      assertThatThrownBy(() -> alone.etcdctl("get", "key", "--command-timeout=1s"))
          .isInstanceOf(TestEtcdException.class);
      cluster.heal();
      cluster.awaitHealthy(LIMIT);
      assertThat(TestEtcdTest.value(alone, "key")).isEqualTo("value");
    }
  }

  @Test
  void wipeEmptiesAllMembersAndKeepsTheClusterId() {
    try (TestEtcdCluster cluster = TestEtcdCluster.start(3)) {
      String before = TestEtcdTest.clusterId(cluster.member(0));
      cluster.member(0).etcdctl("put", "key", "value");
      cluster.wipe();
      assertThat(TestEtcdTest.value(cluster.member(1), "key")).isEmpty();
      assertThat(TestEtcdTest.clusterId(cluster.member(2))).isEqualTo(before);
    }
  }
}
