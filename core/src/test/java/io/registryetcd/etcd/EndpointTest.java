package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.etcd.Endpoint.Scheme;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:2379, NONE, 127.0.0.1, 2379",
    "http://etcd:2379, HTTP, etcd, 2379",
    "https://etcd-0.etcd.svc:2379/, HTTPS, etcd-0.etcd.svc, 2379",
    "[::1]:2379, NONE, ::1, 2379",
    "https://[2001:db8::1]:65535, HTTPS, 2001:db8::1, 65535",
    "' host:1 ', NONE, host, 1",
  })
  void parsesTheAcceptedForms(String text, Scheme scheme, String host, int port) {
    Endpoint endpoint = Endpoint.parse(text);
    assertThat(endpoint).extracting("scheme", "host", "port").containsExactly(scheme, host, port);
    assertThat(endpoint).hasToString(text.strip());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "etcd",
        "etcd:",
        ":2379",
        "etcd:0",
        "etcd:65536",
        "etcd:x",
        "::1:2379",
        "[::1]",
        "ftp://etcd:2379",
        "http://",
        "http://etcd",
        "http://etcd:2379/path",
        "et cd:2379",
        "etcd:2379,etcd:2380",
        "unix:/run/etcd.sock",
        "http:/etcd:2379",
        "https//etcd:2379",
        "etcd:2379?x",
        "etcd:-1",
        "etcd:+1",
      })
  void refusesOthersNamingTheValueAndTheExpectation(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Endpoint.parse(text))
        .withMessageContaining("endpoint: " + text)
        .withMessageContaining("expected: http://host:port");
  }

  @Test
  void tellsLoopbackByItsText() {
    assertThat(
            Stream.of("localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1").map(Endpoint::parse))
        .allMatch(Endpoint::isLoopback);
    assertThat(Stream.of("etcd:1", "10.0.0.1:1", "[2001:db8::1]:1").map(Endpoint::parse))
        .noneMatch(Endpoint::isLoopback);
  }

  @Test
  void aSchemelessEndpointFollowsTheTlsFiles() {
    assertThat(Endpoint.parse("etcd:1").isPlaintext(false)).isTrue();
    assertThat(Endpoint.parse("etcd:1").isPlaintext(true)).isFalse();
    assertThat(Endpoint.parse("https://etcd:1").isPlaintext(false)).isFalse();
  }

  @Test
  void refusesContradictions() {
    assertThatNoException().isThrownBy(() -> Endpoint.check(parse("a:1", "http://b:1"), false));
    assertThatNoException().isThrownBy(() -> Endpoint.check(parse("a:1", "https://b:1"), true));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Endpoint.check(List.of(), false))
        .withMessageContaining("at least one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Endpoint.check(parse("http://a:1"), true))
        .withMessageContaining("http://a:1")
        .withMessageContaining("TLS files are set");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Endpoint.check(parse("http://a:1", "https://b:1"), false))
        .withMessageContaining("all http or all https");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Endpoint.check(parse("a:1", "https://b:1"), false))
        .withMessageContaining("all http or all https");
  }

  private static List<Endpoint> parse(String... texts) {
    return Stream.of(texts).map(Endpoint::parse).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://user:canary@etcd:2379", "user:canary@etcd:2379"})
  void userInAnEndpointIsRefusedWithoutRepeatingThePassword(String text) {
    assertThatThrownBy(() -> Endpoint.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: http://host:port")
        .hasMessageNotContaining("canary");
  }
}
