package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ServerCredentials;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.TlsConfig;
import io.registryetcd.testkit.TestCertificates;
import io.registryetcd.testkit.TestEtcd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS to the servers, and to etcd with files that the process names. */
class TlsTest {

  @Test
  void theAuthorityOfTheTargetIsWhatTheServersCertificateMustShow() throws IOException {
    try (TestCertificates certificates = TestCertificates.create();
        TestEtcd etcd = TestEtcd.builder().tls(certificates).requireClientCertificate().start();
        EtcdRegistry registry = EtcdRegistry.create(config(etcd, certificates));
        TextServer server = TextServer.start("a", credentials(certificates))) {
      registry.register("Hello", server.instance()).await(Duration.ofSeconds(10));
      var properties =
          Map.of(
              "registry.etcd.endpoints", etcd.endpoint(),
              "registry.etcd.ca", certificates.authority().toString(),
              "registry.etcd.cert", certificates.client().certificate().toString(),
              "registry.etcd.key", certificates.client().key().toString());
      properties.forEach(System::setProperty);
      try {
        assertThat(call(certificates, "etcd:///Hello?authority=elsewhere.example")).isEqualTo("a");
        assertThatExceptionOfType(StatusRuntimeException.class)
            .isThrownBy(() -> call(certificates, "etcd:///Hello"))
            .withMessageContaining("UNAVAILABLE");
      } finally {
        properties.keySet().forEach(System::clearProperty);
      }
    }
    await().until(() -> SharedResolvers.INSTANCE.size() == 0);
  }

  @Test
  void aChannelRecoversWhenTheCertificateThatWasMissingComes(@TempDir Path directory)
      throws IOException {
    Path late = directory.resolve("ca.pem");
    try (TestCertificates certificates = TestCertificates.create();
        TestEtcd etcd = TestEtcd.builder().tls(certificates).start();
        EtcdRegistry registry = EtcdRegistry.create(config(etcd, certificates));
        TextServer server = TextServer.start("a")) {
      registry.register("Hello", server.instance()).await(Duration.ofSeconds(10));
      System.setProperty("registry.etcd.ca", late.toString());
      ManagedChannel channel =
          Grpc.newChannelBuilder(
                  "etcd://" + etcd.endpoint() + "/Hello", InsecureChannelCredentials.create())
              .build();
      try {
        assertThatExceptionOfType(StatusRuntimeException.class)
            .isThrownBy(() -> Text.call(channel))
            .withMessageContaining("ca.pem");
        Files.copy(certificates.authority(), late);
        assertThat(Text.callWhenReady(channel)).isEqualTo("a");
      } finally {
        System.clearProperty("registry.etcd.ca");
        Text.close(channel);
      }
    }
  }

  private static EtcdConfig config(TestEtcd etcd, TestCertificates certificates) {
    return EtcdConfig.builder()
        .endpoints(etcd.endpoint())
        .tls(
            TlsConfig.trusting(certificates.authority())
                .withClientCertificate(
                    certificates.client().certificate(), certificates.client().key()))
        .build();
  }

  private static ServerCredentials credentials(TestCertificates certificates) throws IOException {
    return TlsServerCredentials.create(
        certificates.wrongHost().certificate().toFile(), certificates.wrongHost().key().toFile());
  }

  private static String call(TestCertificates certificates, String target) throws IOException {
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                target,
                TlsChannelCredentials.newBuilder()
                    .trustManager(certificates.authority().toFile())
                    .build())
            .build();
    try {
      return Text.call(channel);
    } finally {
      Text.close(channel);
    }
  }
}
