package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.failure;
import static io.registryetcd.etcd.Clients.get;
import static io.registryetcd.etcd.Clients.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.testkit.TestCertificates;
import io.registryetcd.testkit.TestEtcd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {

  private static TestCertificates certificates;
  private static TestEtcd etcd;

  @TempDir private Path directory;

  @BeforeAll
  static void startEtcd() {
    certificates = TestCertificates.create();
    etcd = TestEtcd.builder().tls(certificates).start();
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
    certificates.close();
  }

  @Test
  void theRightCaIsEnough() {
    try (GrpcEtcdClient client = Clients.client(ca(certificates.authority()), etcd.endpoint())) {
      assertThatNoException().isThrownBy(() -> get(client.range(key("a"))));
    }
    try (GrpcEtcdClient client = Clients.client(ca(certificates.authority()), etcd.url())) {
      assertThatNoException().isThrownBy(() -> get(client.range(key("a"))));
    }
  }

  @Test
  void anotherCaIsRefused() {
    try (GrpcEtcdClient client = Clients.client(ca(certificates.otherAuthority()), etcd.url())) {
      EtcdException refused = failure(client.range(key("a")));
      assertThat(refused.kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(refused).hasMessageContaining("signed by a CA that is not trusted");
    }
  }

  @Test
  void httpsWithoutFilesTrustsWhatTheJvmTrusts() {
    try (GrpcEtcdClient client = Clients.client(etcd.url())) {
      EtcdException refused = failure(client.range(key("a")));
      assertThat(refused).hasMessageContaining("signed by a CA that is not trusted");
    }
  }

  @Test
  void aCertificateForAnotherHostIsRefusedUnlessTheAuthoritySaysSo() {
    try (TestEtcd elsewhere =
        TestEtcd.builder()
            .tls(certificates)
            .arguments(serverFiles(certificates.wrongHost()))
            .start()) {
      TlsFiles tls = ca(certificates.authority());
      try (GrpcEtcdClient client = Clients.client(tls, elsewhere.url())) {
        assertThat(failure(client.range(key("a"))))
            .hasMessageContaining("certificate is for another host name");
      }
      EtcdClientConfig plain = Clients.config(Optional.empty(), Optional.of(tls), elsewhere.url());
      EtcdClientConfig named =
          new EtcdClientConfig(
              plain.endpoints(),
              plain.credentials(),
              plain.tls(),
              Optional.of("elsewhere.example"),
              plain.connectTimeout(),
              plain.requestTimeout(),
              false);
      try (GrpcEtcdClient client = GrpcEtcdClient.create(named)) {
        assertThatNoException().isThrownBy(() -> get(client.range(key("a"))));
      }
    }
  }

  @Test
  void anExpiredCertificateIsRefused() {
    try (TestEtcd old =
            TestEtcd.builder()
                .tls(certificates)
                .arguments(serverFiles(certificates.expired()))
                .start();
        GrpcEtcdClient client = Clients.client(ca(certificates.authority()), old.url())) {
      assertThat(failure(client.range(key("a")))).hasMessageContaining("expired");
    }
  }

  @Test
  void aClientCertificateIsShownAndItsLackIsExplained() {
    try (TestEtcd strict =
        TestEtcd.builder().tls(certificates).requireClientCertificate().start()) {
      TlsFiles with =
          new TlsFiles(
              Optional.of(certificates.authority()),
              Optional.of(certificates.client().certificate()),
              Optional.of(certificates.client().key()));
      try (GrpcEtcdClient client = Clients.client(with, strict.url())) {
        assertThatNoException().isThrownBy(() -> get(client.range(key("a"))));
      }
      try (GrpcEtcdClient client = Clients.client(ca(certificates.authority()), strict.url())) {
        EtcdException refused = failure(client.range(key("a")));
        assertThat(refused.kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(refused).hasMessageContaining("requires a client certificate");
      }
    }
  }

  @Test
  void plaintextAndTlsAreNeverMixedUp() {
    try (GrpcEtcdClient client = Clients.client("http://" + etcd.endpoint())) {
      EtcdException refused = failure(client.range(key("a")));
      assertThat(refused.kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(refused).hasMessageContaining("one that expects https");
    }
    try (TestEtcd plain = TestEtcd.start();
        GrpcEtcdClient client =
            Clients.client(ca(certificates.authority()), "https://" + plain.endpoint())) {
      assertThat(failure(client.range(key("a")))).hasMessageContaining("is it plaintext there?");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Clients.client(ca(certificates.authority()), "http://127.0.0.1:1"))
        .withMessageContaining("TLS files are set");
  }

  @Test
  void aFileThatCannotBeUsedFailsTheConstructionAndIsNamed() throws IOException {
    Path missing = directory.resolve("missing.pem");
    refuses(ca(missing), "missing.pem cannot be read");
    Path garbage = Files.writeString(directory.resolve("garbage.pem"), "garbage");
    refuses(ca(garbage), "garbage.pem");
    Path empty = Files.writeString(directory.resolve("empty.pem"), "");
    refuses(ca(empty), "empty.pem holds no PEM certificate");
    refuses(
        identity(certificates.client().certificate(), garbage),
        "garbage.pem holds no unencrypted PEM private key");
    refuses(
        identity(certificates.client().certificate(), certificates.server().key()),
        "does not belong to the certificate");
    Path old =
        Files.writeString(
            directory.resolve("old.pem"),
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
    refuses(
        identity(certificates.client().certificate(), old),
        "old.pem holds a private key that cannot be read");
    Path broken =
        Files.writeString(
            directory.resolve("broken.pem"),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    refuses(identity(certificates.client().certificate(), broken), "broken.pem");
    refuses(
        new TlsFiles(
            Optional.empty(), Optional.of(certificates.client().certificate()), Optional.empty()),
        "both or none");
  }

  @Test
  void newConnectionsUseNewFilesAndABadOneChangesNothing() throws IOException {
    Path ca = directory.resolve("ca.pem");
    Files.copy(certificates.otherAuthority(), ca);
    try (GrpcEtcdClient client = Clients.client(ca(ca), etcd.url())) {
      assertThat(failure(client.range(key("a")))).hasMessageContaining("not trusted");
      Files.write(ca, Files.readAllBytes(certificates.authority()));
      awaitRange(client);
      Files.writeString(ca, "garbage");
      client.leaveEndpoint(client.endpoint(), "test");
      awaitRange(client);
    }
  }

  private static void awaitRange(GrpcEtcdClient client) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .ignoreExceptions()
        .until(() -> get(client.range(key("a"))).header().clusterId() != 0);
  }

  private static void refuses(TlsFiles files, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Clients.client(files, etcd.url()))
        .withMessageContaining(message);
  }

  private static TlsFiles ca(Path file) {
    return new TlsFiles(Optional.of(file), Optional.empty(), Optional.empty());
  }

  private static TlsFiles identity(Path certificate, Path key) {
    return new TlsFiles(
        Optional.of(certificates.authority()), Optional.of(certificate), Optional.of(key));
  }

  private static String[] serverFiles(TestCertificates.Pair pair) {
    return List.of("--cert-file=" + pair.certificate(), "--key-file=" + pair.key())
        .toArray(String[]::new);
  }
}
