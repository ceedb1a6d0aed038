package io.registryetcd.kitex;

import static io.registryetcd.kitex.ClientHello.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.registryetcd.kitex.wire.TTHeader;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How clients are made. */
class KitexClientSettingsTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  @Test
  void twoWordsAreEnough() throws Exception {
    fixture.server(ClientHello.answering("a"));

    try (KitexClient client = KitexClient.create(ETCD.endpoint(), "Hello")) {
      assertThat(ClientHello.of(client).call(c -> c.echo(request("hi"))).getMessage())
          .isEqualTo("a|hi");
    }
  }

  @Test
  void theServerIsToldTheDefaultTimes() throws Exception {
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));

    try (KitexClient client =
        KitexClient.builder(fixture.resolver, "Hello").framing(Framing.TTHEADER).build()) {
      ClientHello.of(client).call(c -> c.echo(request("hi")));
    }

    assertThat(server.requests.get(0).header().ints())
        .containsEntry(TTHeader.CONNECT_TIMEOUT_MILLIS, "1000")
        .containsEntry(TTHeader.RPC_TIMEOUT_MILLIS, "10000");
  }

  @Test
  void anIllegalNameIsRefused() {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> KitexClient.create(ETCD.endpoint(), ""));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> KitexClient.builder(fixture.resolver, "").build());
  }

  @ParameterizedTest
  @MethodSource
  void aValueThatMakesNoSenseIsRefused(Consumer<KitexClient.Builder> setting, String message) {
    KitexClient.Builder builder = KitexClient.builder(fixture.resolver, "Hello");

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> setting.accept(builder))
        .withMessage(message);
  }

  static Stream<Arguments> aValueThatMakesNoSenseIsRefused() {
    return Stream.of(
        refused(
            b -> b.connectTimeout(Duration.ZERO),
            "connectTimeout: PT0S (expected: PT0.001S to PT576H)"),
        refused(
            b -> b.callTimeout(Duration.ofMillis(-1)),
            "callTimeout: PT-0.001S (expected: PT0S to PT576H)"),
        refused(
            b -> b.callTimeout(Duration.ofDays(25)),
            "callTimeout: PT600H (expected: PT0S to PT576H)"),
        refused(
            b -> b.maxIdleTime(Duration.ZERO), "maxIdleTime: PT0S (expected: PT0.002S to PT576H)"),
        refused(b -> b.maxConnections(0), "maxConnections: 0 (expected: at least 1)"),
        refused(b -> b.maxIdleConnections(-1), "maxIdleConnections: -1 (expected: at least 0)"),
        refused(b -> b.maxFrameBytes(0), "maxFrameBytes: 0 (expected: at least 1)"));
  }

  private static Arguments refused(Consumer<KitexClient.Builder> setting, String message) {
    return Arguments.of(setting, message);
  }
}
