package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestEtcdAuthTest {
  @Test
  void usersMayDoWhatTheirRolesAllow() {
    TestEtcdBuilder builder = TestEtcd.builder().authTokenTtl(Duration.ofSeconds(4));
    try (TestEtcd etcd = builder.start()) {
      etcd.enableAuth("secret");
      etcd.addUser("reader", "word");
      etcd.addRole("read-a");
      etcd.grantRole("reader", "read-a");
      etcd.grantPrefix("read-a", "read", "a/");
      etcd.etcdctl("put", "a/key", "value");

      assertThat(etcd.etcdctl("--user=reader:word", "get", "a/key")).contains("value");
      assertThatThrownBy(() -> etcd.etcdctl("--user=reader:word", "get", "b/key"))
          .hasMessageContaining("permission denied");
      etcd.restart();
      assertThat(etcd.etcdctl("get", "a/key")).contains("value");
      etcd.disableAuth();
      assertThat(etcd.etcdctl("get", "a/key")).contains("value");
    }
  }

  @Test
  void jwtTokensWork(@TempDir Path directory) throws Exception {
    Path secret = Files.writeString(directory.resolve("secret"), "0123456789abcdef".repeat(4));
    TestEtcdBuilder builder =
        TestEtcd.builder().authToken("jwt,sign-method=HS256,ttl=1m,priv-key=" + secret);
    try (TestEtcd etcd = builder.start()) {
      etcd.enableAuth("secret");
      etcd.etcdctl("put", "key", "value");
      assertThat(TestEtcdTest.value(etcd, "key")).isEqualTo("value");
    }
  }

  @Test
  void wipeForgetsUsers() {
    try (TestEtcd etcd = TestEtcd.start()) {
      etcd.enableAuth("secret");
      etcd.wipe();
      etcd.restart();
      assertThat(etcd.etcdctl("user", "list")).isBlank();
    }
  }
}
