package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.registryetcd.testkit.TestCertificates;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

/** A server with TLS. */
class KitexServerTlsTest {

  @Test
  void callsGoThroughTls() throws IOException {
    try (var certificates = TestCertificates.create();
        var server = start(certificates);
        var client =
            new RawConnection(
                trusting(certificates)
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), server.port()))) {
      String large = "x".repeat(1_000_000);
      for (Framing framing : Framing.values()) {
        assertThat(Requests.text(client.call(Requests.echo(framing, 1, large))))
            .isEqualTo("s|" + large);
      }
      server.shutdown(Duration.ofSeconds(5));
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void whatIsNotTlsIsRefusedWithOneLine() throws IOException {
    try (var log = LogLines.capture();
        var certificates = TestCertificates.create();
        var server = start(certificates);
        var client = RawConnection.to(server)) {
      client.send(Requests.echo(Framing.FRAMED, 1, "hi"));
      client.socket().getInputStream().readAllBytes(); // an alert

      await().until(() -> !log.containing("closed: ").isEmpty());
      assertThat(log.containing("closed: ")).singleElement().asString().contains("SSL");
    }
  }

  private static KitexServer start(TestCertificates certificates) throws SSLException {
    var builder =
        SslContextBuilder.forServer(
            certificates.server().certificate().toFile(), certificates.server().key().toFile());
    return LoopbackServer.start(
        LoopbackServer.builder().tls(context(builder)), TextProcessor.hello("s"));
  }

  private static SSLContext trusting(TestCertificates certificates) throws SSLException {
    return context(SslContextBuilder.forClient().trustManager(certificates.authority().toFile()));
  }

  private static SSLContext context(SslContextBuilder builder) throws SSLException {
    return ((JdkSslContext) builder.sslProvider(SslProvider.JDK).build()).context();
  }
}
