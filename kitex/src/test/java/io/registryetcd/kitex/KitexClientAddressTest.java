package io.registryetcd.kitex;

import static io.registryetcd.kitex.ClientHello.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Instance;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.TestCertificates;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.thrift.TException;
import org.apache.thrift.transport.TTransportException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The kinds of addresses that instances have, with and without TLS. */
class KitexClientAddressTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  @Test
  void aHostNameIsLookedUp() throws Exception {
    FakeKitexServer server = fixture.opened(FakeKitexServer.start(ClientHello.answering("a")));
    fixture.register(Instance.of("localhost", server.port()));

    assertThat(echo(fixture.client())).isEqualTo("a|hi");
  }

  @Test
  void aHostNameThatIsNotFoundIsAFailureToConnect() {
    fixture.register(Instance.of("nowhere.invalid", 8888));
    KitexClient client = fixture.client(b -> b.callTimeout(Duration.ofMinutes(1)));

    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(() -> echo(client))
        .withMessageContaining("nowhere.invalid:8888 (the host name nowhere.invalid is not found)");
  }

  @Test
  void anIpv6AddressIsConnectedTo() throws Exception {
    assumeThat(InetAddress.getByName("::1").isReachable(1000)).as("::1 exists here").isTrue();
    FakeKitexServer server =
        fixture.opened(FakeKitexServer.start("::1", ClientHello.answering("a")));
    fixture.register(Instance.of("::1", server.port()));

    assertThat(echo(fixture.client())).isEqualTo("a|hi");
  }

  @Test
  void aUnixSocketIsConnectedTo(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("hello.sock");
    fixture.opened(FakeKitexServer.start(socket, ClientHello.answering("a")));
    fixture.register(Instance.unix(socket.toString()));

    assertThat(echo(fixture.client())).isEqualTo("a|hi");
  }

  @Test
  void withTlsTheServersCertificateMustShowItsAddress() throws Exception {
    try (TestCertificates certificates = TestCertificates.create()) {
      fixture.register(tlsServer(certificates.server()).instance());
      KitexClient client = fixture.client(b -> b.tls(trusting(certificates.authority())));

      assertThat(echo(client)).isEqualTo("a|hi");
      assertThat(echo(client)).isEqualTo("a|hi");
    }
  }

  @Test
  void withTlsAServerThatIsNotTrustedIsNotCalled() throws Exception {
    try (TestCertificates certificates = TestCertificates.create()) {
      FakeKitexServer server = tlsServer(certificates.wrongHost());
      fixture.register(server.instance());
      KitexClient client = fixture.client(b -> b.tls(trusting(certificates.authority())));

      assertThatExceptionOfType(TTransportException.class)
          .isThrownBy(() -> echo(client))
          .satisfies(e -> assertThat(e.getType()).isEqualTo(TTransportException.NOT_OPEN))
          .withMessageContaining("No subject alternative names matching IP address 127.0.0.1");
      assertThat(server.requests).isEmpty();
      await().until(() -> server.connections() == 0);
    }
  }

  private FakeKitexServer tlsServer(TestCertificates.Pair pair) {
    return fixture.opened(FakeKitexServer.start(serving(pair), ClientHello.answering("a")));
  }

  private static String echo(KitexClient client) throws TException {
    return ClientHello.of(client).call(c -> c.echo(request("hi"))).getMessage();
  }

  private static SSLContext trusting(Path authority) {
    try {
      KeyStore store = emptyStore();
      store.setCertificateEntry("ca", certificate(authority));
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static SSLContext serving(TestCertificates.Pair pair) {
    try {
      KeyStore store = emptyStore();
      Certificate certificate = certificate(pair.certificate());
      String pem = Files.readString(pair.key()).replaceAll("-----[^-]+-----|\\s", "");
      var key =
          KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
              .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
      store.setKeyEntry("server", key, new char[0], new Certificate[] {certificate});
      var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Certificate certificate(Path file) throws GeneralSecurityException, IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
