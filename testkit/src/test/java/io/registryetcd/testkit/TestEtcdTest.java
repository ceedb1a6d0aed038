package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class TestEtcdTest {
  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  @Test
  void killAndRestartKeepPortAndData(TestEtcd etcd) {
    String endpoint = etcd.endpoint();
    long pid = etcd.pid();
    etcd.etcdctl("put", "key", "value");
    etcd.kill();
    assertThat(etcd.isAlive()).isFalse();
    etcd.restart();
    assertThat(etcd.endpoint()).isEqualTo(endpoint);
    assertThat(etcd.pid()).isNotEqualTo(pid);
    assertThat(value(etcd, "key")).isEqualTo("value");
  }

  @Test
  void stopAndRestartKeepData(TestEtcd etcd) {
    etcd.etcdctl("put", "key", "value");
    etcd.pause();
    etcd.stop();
    assertThat(etcd.isAlive()).isFalse();
    etcd.restart();
    etcd.restart();
    assertThat(value(etcd, "key")).isEqualTo("value");
  }

  @Test
  void wipeEmptiesAndKeepsTheClusterId(TestEtcd etcd) {
    etcd.etcdctl("put", "key", "value");
    String before = clusterId(etcd);
    etcd.wipe();
    assertThat(etcd.isAlive()).isFalse();
    etcd.restart();
    assertThat(value(etcd, "key")).isEmpty();
    assertThat(clusterId(etcd)).isEqualTo(before);
  }

  @Test
  void pausedEtcdAnswersOnlyAfterItIsResumed(TestEtcd etcd) {
    etcd.pause();
    assertThat(etcd.isAlive()).isTrue();
    assertThatThrownBy(() -> etcd.awaitReady(Duration.ofMillis(100)))
        .isInstanceOf(TestEtcdException.class)
        .hasMessageContaining("not ready after PT0.1S");
    etcd.resume();
    etcd.awaitReady(Duration.ofSeconds(10));
    etcd.etcdctl("put", "key", "value");
  }

  @Test
  void restoredSnapshotBringsDeletedKeysBack(TestEtcd etcd, @TempDir Path directory) {
    Path file = directory.resolve("snapshot");
    etcd.etcdctl("put", "key", "value");
    etcd.saveSnapshot(file);
    etcd.etcdctl("del", "key");
    etcd.restoreSnapshot(file);
    etcd.restart();
    assertThat(value(etcd, "key")).isEqualTo("value");
  }

  @Test
  void failedCommandTellsWhatEtcdctlSaid(TestEtcd etcd) {
    assertThatThrownBy(() -> etcd.etcdctl("lease", "revoke", "123"))
        .isInstanceOf(TestEtcdException.class)
        .hasMessageContaining("etcdctl failed")
        .hasMessageContaining("lease not found");
  }

  @Test
  void metricsAreReadable(TestEtcd etcd) {
    assertThat(etcd.metrics()).contains("etcd_server_is_leader 1");
  }

  @Test
  void etcdThatEndsAtOnceIsToldWithItsLog() {
    TestEtcdBuilder builder = TestEtcd.builder().arguments("--no-such-flag");
    assertThatThrownBy(builder::start)
        .isInstanceOf(TestEtcdException.class)
        .hasMessageContaining("no-such-flag");
  }

  @Test
  void listensOnIpv6() {
    try (TestEtcd etcd = TestEtcd.builder().host("::1").start()) {
      assertThat(etcd.endpoint()).startsWith("[::1]:");
      etcd.etcdctl("put", "key", "value");
      assertThat(value(etcd, "key")).isEqualTo("value");
    }
  }

  @Test
  void smallQuotaRaisesAnAlarm() {
    try (TestEtcd etcd = TestEtcd.builder().quotaBytes(100_000).start()) {
      String large = "x".repeat(60_000);
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 10; i++) {
                  etcd.etcdctl("put", "key" + i, large);
                }
              })
          .hasMessageContaining("space exceeded");
      assertThat(etcd.etcdctl("alarm", "list")).contains("NOSPACE");
    }
  }

  @Test
  void electionTimeoutDecidesTheSmallestLease() {
    assertThat(ETCD.etcd().etcdctl("lease", "grant", "1")).contains("TTL(1s)");
    TestEtcdBuilder usual = TestEtcd.builder().electionTimeout(Duration.ofSeconds(1));
    try (TestEtcd etcd = usual.start()) {
      assertThat(etcd.etcdctl("lease", "grant", "1")).contains("TTL(2s)");
    }
    assertThatThrownBy(() -> usual.electionTimeout(Duration.ofMillis(99)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PT0.099S");
  }

  @Test
  void environmentReachesEtcdButItsOwnVariablesDoNot() throws Exception {
    try (TestEtcd etcd = TestEtcd.builder().environment("GOMAXPROCS", "1").start()) {
      assertThat(etcd.metrics()).contains("go_info");
      Path environment = Path.of("/proc/" + etcd.pid() + "/environ");
      if (Files.exists(environment)) {
        assertThat(Files.readString(environment)).contains("GOMAXPROCS=1");
      }
    }
    Map<String, String> inherited =
        new java.util.HashMap<>(Map.of("ETCD_NAME", "x", "ETCDCTL_USER", "y", "HOME", "z"));
    Children.hideEtcdVariables(inherited);
    assertThat(inherited).containsOnlyKeys("HOME");
  }

  @Test
  void closeLeavesNoProcessAndNoFile() {
    TestEtcd etcd = TestEtcd.start();
    long pid = etcd.pid();
    Path directory = etcd.directory();
    assertThat(directory).exists();
    etcd.close();
    etcd.close();
    assertThat(ProcessHandle.of(pid)).isEmpty();
    assertThat(directory).doesNotExist();
    assertThatThrownBy(etcd::restart).hasMessageContaining("closed");
    assertThatThrownBy(etcd::pid).hasMessageContaining("does not run");
  }

  @Test
  void lostPortIsRecognised() throws Exception {
    TestEtcd etcd = ETCD.etcd();
    etcd.kill();
    try (var thief = new java.net.ServerSocket()) {
      thief.bind(new java.net.InetSocketAddress("127.0.0.1", etcd.port()));
      assertThatThrownBy(etcd::restart).hasMessageContaining("address already in use");
      assertThat(etcd.lostItsPort()).isTrue();
    }
    etcd.restart();
  }

  static String value(TestEtcd etcd, String key) {
    return etcd.etcdctl("get", key, "--print-value-only").strip();
  }

  static String clusterId(TestEtcd etcd) {
    String status = etcd.etcdctl("endpoint", "status", "--write-out=json");
    return status.replaceAll(".*\"cluster_id\":(\\d+).*", "$1").strip();
  }
}
