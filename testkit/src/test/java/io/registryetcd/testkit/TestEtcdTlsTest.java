package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class TestEtcdTlsTest {
  private static final String QUICK = "--command-timeout=500ms";
  private static final TestCertificates CERTIFICATES = TestCertificates.create();

  @AfterAll
  static void deleteCertificates() {
    CERTIFICATES.close();
  }

  @Test
  void servesTlsOnly() {
    try (TestEtcd etcd = TestEtcd.builder().tls(CERTIFICATES).start()) {
      assertThat(etcd.url()).isEqualTo("https://" + etcd.endpoint());
      etcd.etcdctl("put", "key", "value");
      assertThat(TestEtcdTest.value(etcd, "key")).isEqualTo("value");
      assertThatThrownBy(
              () -> etcd.etcdctl("--cacert=" + CERTIFICATES.otherAuthority(), "get", "k", QUICK))
          .isInstanceOf(TestEtcdException.class);
    }
  }

  @Test
  void demandsClientCertificates() {
    TestEtcdBuilder builder = TestEtcd.builder().tls(CERTIFICATES).requireClientCertificate();
    try (TestEtcd etcd = builder.host("::1").start()) {
      etcd.etcdctl("put", "key", "value");
      TestCertificates.Pair stranger = CERTIFICATES.untrusted();
      assertThatThrownBy(
              () ->
                  etcd.etcdctl(
                      "--cert=" + stranger.certificate(),
                      "--key=" + stranger.key(),
                      "get",
                      "key",
                      QUICK))
          .isInstanceOf(TestEtcdException.class);
    }
  }

  @Test
  void rotatedCertificateIsUsedForTheNextConnection() {
    try (TestCertificates own = TestCertificates.create();
        TestEtcd etcd = TestEtcd.builder().tls(own).start()) {
      etcd.etcdctl("put", "key", "value");
      own.server().replaceWith(own.expired());
      assertThatThrownBy(() -> etcd.etcdctl("get", "key", QUICK))
          .isInstanceOf(TestEtcdException.class);
      Instant now = Instant.now();
      own.server().replaceWith(own.issue("new", now, now.plusSeconds(60), "127.0.0.1"));
      assertThat(TestEtcdTest.value(etcd, "key")).isEqualTo("value");
    }
  }

  @Test
  void clientCertificatesNeedTls() {
    TestEtcdBuilder builder = TestEtcd.builder().requireClientCertificate();
    assertThatThrownBy(builder::start).isInstanceOf(IllegalStateException.class);
  }
}
