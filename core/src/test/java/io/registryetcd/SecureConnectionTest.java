package io.registryetcd;

import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.registered;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.NoInstanceException.Reason;
import io.registryetcd.testkit.FaultProxy;
import io.registryetcd.testkit.FaultProxy.Direction;
import io.registryetcd.testkit.TestCertificates;
import io.registryetcd.testkit.TestEtcd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** TLS works as configured, or fails in words; it never falls back to plaintext. */
class SecureConnectionTest {

  private static TestCertificates certificates;
  private static TestEtcd strict;

  @RegisterExtension final TestPeers peers = new TestPeers();
  @TempDir private Path directory;

  @BeforeAll
  static void startEtcd() {
    certificates = TestCertificates.create();
    strict = TestEtcd.builder().tls(certificates).requireClientCertificate().start();
  }

  @AfterAll
  static void stopEtcd() {
    strict.close();
    certificates.close();
  }

  private static TlsConfig trusting(Path ca) {
    return TlsConfig.trusting(ca)
        .withClientCertificate(certificates.client().certificate(), certificates.client().key());
  }

  private static EtcdConfig.Builder secure(TlsConfig tls, TestEtcd etcd) {
    return config(etcd.url()).tls(tls);
  }

  /** Both walks fail with the same words, and nothing is written. */
  private void fails(EtcdConfig config, String words) {
    EtcdSession session = peers.closing(EtcdSession.create(config));
    Registration hello = EtcdRegistry.create(session).register("Hello", instance(8001));
    EtcdResolver resolver = EtcdResolver.create(session);
    ServiceView view = resolver.view("Hello");
    await().until(() -> view.problem().isPresent() && hello.problem().isPresent());
    assertThatThrownBy(() -> resolver.resolve("Hello"))
        .isInstanceOfSatisfying(
            NoInstanceException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE))
        .hasMessageContaining(words);
    assertThatThrownBy(() -> hello.await(Duration.ofSeconds(1)))
        .isInstanceOf(EtcdUnreachableException.class)
        .hasMessageContaining(words);
  }

  @Test
  void registersAndResolvesWithTheRightFiles() {
    EtcdConfig config = secure(trusting(certificates.authority()), strict).build();
    Registration hello = registered(peers.registry(config), "Hello", 8001);
    assertThat(peers.resolver(config).resolve("Hello").instances()).containsExactly(instance(8001));
    assertThat(new StoredKeys(strict).has(hello.key())).isTrue();
  }

  @Test
  void certificateOfAnotherAuthorityIsRefused() {
    fails(
        secure(trusting(certificates.otherAuthority()), strict).build(), "CA that is not trusted");
  }

  @Test
  void missingClientCertificateIsToldAsThat() {
    fails(
        secure(TlsConfig.trusting(certificates.authority()), strict).build(),
        "requires a client certificate");
  }

  @Test
  void certificateForAnotherHostIsRefused() {
    try (TestEtcd elsewhere =
        TestEtcd.builder()
            .tls(certificates)
            .arguments(
                "--cert-file=" + certificates.wrongHost().certificate(),
                "--key-file=" + certificates.wrongHost().key())
            .start()) {
      fails(
          secure(trusting(certificates.authority()), elsewhere).build(),
          "certificate is for another host name");
      EtcdConfig named =
          secure(trusting(certificates.authority()), elsewhere)
              .authority("elsewhere.example")
              .build();
      registered(peers.registry(named), "Hello", 8001);
    }
  }

  @Test
  void fileThatCannotBeLoadedFailsTheConstructionAndIsNamed() throws IOException {
    Path missing = directory.resolve("missing.pem");
    Path garbage = Files.writeString(directory.resolve("garbage.pem"), "garbage");
    for (Path bad : List.of(missing, garbage)) {
      EtcdConfig config = secure(TlsConfig.trusting(bad), strict).build();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> EtcdRegistry.create(config))
          .withMessageContaining(bad.getFileName().toString());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> EtcdResolver.create(config))
          .withMessageContaining(bad.getFileName().toString());
    }
  }

  @Test
  void plaintextEndpointWithTlsFilesIsRefusedWhenBuilt() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                config("http://" + strict.endpoint())
                    .tls(TlsConfig.trusting(certificates.authority()))
                    .build())
        .withMessageContaining("https");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new TlsConfig(
                    java.util.Optional.empty(),
                    java.util.Optional.of(certificates.client().certificate()),
                    java.util.Optional.empty()))
        .withMessageContaining("both or none");
  }

  @Test
  void nothingIsSentInTheClearToAServerThatSpeaksPlaintext() {
    try (TestEtcd plain = TestEtcd.start();
        FaultProxy proxy = FaultProxy.to(plain.endpoint())) {
      List<Integer> frames = new CopyOnWriteArrayList<>();
      proxy.onFrame(Direction.TO_TARGET, frame -> frames.add(frame.type()));
      fails(
          config("https://" + proxy.endpoint())
              .tls(trusting(certificates.authority()))
              .user("server", "canary")
              .build(),
          "plaintext");
      assertThat(frames).isEmpty();
    }
  }
}
