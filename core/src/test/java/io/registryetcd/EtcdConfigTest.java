package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.layout.Layout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdConfigTest {

  private static final String CANARY = "hunter2";
  private static final TlsConfig TLS = TlsConfig.trusting(Path.of("ca.pem"));

  private static EtcdConfig.Builder at(String... endpoints) {
    return EtcdConfig.builder().endpoints(endpoints).environment(Map.of());
  }

  // Defaults.

  @Test
  void theDefaultsAreThoseOfTheGoRegistry() {
    EtcdConfig config = at("127.0.0.1:2379").build();

    assertThat(config.endpoints()).containsExactly("127.0.0.1:2379");
    assertThat(config.layout().range("Hello")).isEqualTo("kitex/registry-etcd/Hello/");
    assertThat(config.leaseTtl()).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.dialTimeout).isEqualTo(Duration.ofSeconds(3));
    assertThat(config.requestTimeout).isEqualTo(Duration.ofSeconds(3));
    assertThat(config.defaultWeight).isEqualTo(10);
    assertThat(config.retry)
        .isEqualTo(new RetryConfig(5, Duration.ofSeconds(30), Duration.ofSeconds(10), false));
  }

  @Test
  void theSafeChoiceIsTheDefault() {
    EtcdConfig config = at("127.0.0.1:2379").build();

    assertThat(config.conflictPolicy).isEqualTo(ConflictPolicy.WAIT);
    assertThat(config.shutdownHook).isTrue();
    assertThat(config.holdTime).isEqualTo(Duration.ofSeconds(15));
    assertThat(config.holdMajorityLoss).isFalse();
    assertThat(config.snapshotDirectory).isEmpty();
    assertThat(config.viaProxy).isFalse();
  }

  @Test
  void theTimeToLiveComesFromTheBuilderThenFromTheEnvironment() {
    Map<String, String> environment = Map.of("KITEX_ETCD_REGISTRY_LEASE_TTL", "20");

    assertThat(at("a:1").environment(environment).build().leaseTtl())
        .isEqualTo(Duration.ofSeconds(20));
    assertThat(
            at("a:1").environment(environment).leaseTtl(Duration.ofSeconds(5)).build().leaseTtl())
        .isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void theEnvironmentIsThatOfTheLayout() {
    Map<String, String> environment =
        Map.of("KITEX_ETCD_REGISTRY_LEASE_TTL", "20", "HERTZ_ETCD_REGISTRY_LEASE_TTL", "30");

    assertThat(at("a:1").environment(environment).layout(Layout.hertz()).build().leaseTtl())
        .isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void aPrefixIsOneOfTheKitexLayout() {
    assertThat(at("a:1").prefix("mine").build().layout().range("Hello")).isEqualTo("mine/Hello/");
  }

  @Test
  void settingsThatWereGivenAreCopied() {
    List<String> endpoints = new ArrayList<>(List.of("a:1"));
    EtcdConfig config = EtcdConfig.builder().endpoints(endpoints).build();

    endpoints.add("b:1");

    assertThat(config.endpoints()).containsExactly("a:1");
  }

  // Bad values: the message names the setting, the value and what is expected.

  private static Stream<Arguments> durations() {
    return Stream.of(
        duration("dialTimeout", EtcdConfig.Builder::dialTimeout, Duration.ZERO, "> PT0S"),
        duration(
            "requestTimeout", EtcdConfig.Builder::requestTimeout, Duration.ofMillis(-1), "> PT0S"),
        duration("leaseTtl", EtcdConfig.Builder::leaseTtl, Duration.ofMillis(1999), ">= PT2S"),
        duration("resolveTimeout", EtcdConfig.Builder::resolveTimeout, Duration.ZERO, "> PT0S"),
        duration("idleViewTimeout", EtcdConfig.Builder::idleViewTimeout, Duration.ZERO, "> PT0S"),
        duration(
            "antiEntropyPeriod", EtcdConfig.Builder::antiEntropyPeriod, Duration.ZERO, "> PT0S"),
        duration("holdTime", EtcdConfig.Builder::holdTime, Duration.ofSeconds(-1), ">= PT0S"),
        duration("snapshotMaxAge", EtcdConfig.Builder::snapshotMaxAge, Duration.ZERO, "> PT0S"),
        duration(
            "idleViewTimeout",
            EtcdConfig.Builder::idleViewTimeout,
            Duration.ofSeconds(Long.MAX_VALUE),
            "<= PT876000H"));
  }

  private static Arguments duration(
      String setting,
      BiConsumer<EtcdConfig.Builder, Duration> setter,
      Duration value,
      String expected) {
    return Arguments.of(setting, setter, value, expected);
  }

  @ParameterizedTest(name = "{0} {2}")
  @MethodSource("durations")
  void aDurationOutOfItsRangeIsRefusedWhereItIsSet(
      String setting,
      BiConsumer<EtcdConfig.Builder, Duration> setter,
      Duration value,
      String expected) {
    EtcdConfig.Builder builder = at("a:1");

    assertThatThrownBy(() -> setter.accept(builder, value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(setting + ": " + value + " (expected: " + expected + ")");
  }

  @Test
  void theSmallestLegalDurationsAreAccepted() {
    assertThatCode(
            () ->
                at("a:1")
                    .leaseTtl(Duration.ofSeconds(2))
                    .holdTime(Duration.ZERO)
                    .dialTimeout(Duration.ofNanos(1))
                    .build())
        .doesNotThrowAnyException();
  }

  @Test
  void withoutAnEndpointNothingCanBeBuilt() {
    assertThatThrownBy(() -> EtcdConfig.builder().build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("endpoints: none (expected: at least one");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"127.0.0.1", "ftp://a:1", "a:0", "a:65536", "unix:/run/etcd", "::1:2379", ""})
  void anEndpointThatIsNoneIsNamed(String endpoint) {
    assertThatThrownBy(() -> at("b:1", endpoint).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("endpoint: " + endpoint)
        .hasMessageContaining("expected: http://host:port, https://host:port or host:port");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mine/", "a/../b", "a\nb"})
  void aPrefixThatCannotStandInKeysIsRefused(String prefix) {
    assertThatThrownBy(() -> at("a:1").prefix(prefix))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("prefix: ")
        .hasMessageContaining("expected: ");
  }

  @Test
  void aNegativeNumberOfAttemptsIsRefused() {
    assertThatThrownBy(() -> RetryConfig.DEFAULT.withMaxAttemptTimes(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxAttemptTimes: -1 (expected: >= 0, where 0 is without end)");
  }

  private static Stream<Arguments> retryDelays() {
    Function<Duration, RetryConfig> observe = RetryConfig.DEFAULT::withObserveDelay;
    Function<Duration, RetryConfig> retry = RetryConfig.DEFAULT::withRetryDelay;
    return Stream.of(Arguments.of("observeDelay", observe), Arguments.of("retryDelay", retry));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("retryDelays")
  void aDelayOfRetriesThatIsNotAboveZeroIsRefused(
      String setting, Function<Duration, RetryConfig> setter) {
    assertThatThrownBy(() -> setter.apply(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(setting + ": PT0S (expected: > PT0S)");
  }

  @Test
  void aChangedRetryConfigKeepsItsOtherSettings() {
    RetryConfig changed =
        RetryConfig.DEFAULT
            .withMaxAttemptTimes(1)
            .withObserveDelay(Duration.ofSeconds(2))
            .withRetryDelay(Duration.ofSeconds(3))
            .withGiveUp(true);

    assertThat(changed)
        .isEqualTo(new RetryConfig(1, Duration.ofSeconds(2), Duration.ofSeconds(3), true));
  }

  // TLS and passwords.

  @Test
  void aPasswordIsNotSentInTheClearToAnotherMachine() {
    assertThatThrownBy(() -> at("10.0.0.1:2379").user("root", CANARY).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("endpoint: 10.0.0.1:2379")
        .hasMessageContaining("expected: https://")
        .hasMessageContaining("allowPlaintextPassword()")
        .hasMessageNotContaining(CANARY);
  }

  @Test
  void oneEndpointInTheClearAmongManyIsEnoughToRefuse() {
    assertThatThrownBy(() -> at("127.0.0.1:2379", "10.0.0.2:2379").user("root", CANARY).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("endpoint: 10.0.0.2:2379");
  }

  @Test
  void endpointsThatDifferInTlsAreRefused() {
    assertThatThrownBy(() -> at("https://10.0.0.1:2379", "http://10.0.0.2:2379").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("https://10.0.0.1:2379 and http://10.0.0.2:2379 differ in TLS")
        .hasMessageContaining("expected: all http or all https");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"127.0.0.1:2379", "http://localhost:2379", "[::1]:2379", "https://10.0.0.1:2379"})
  void aPasswordMayGoToThisMachineOrThroughTls(String endpoint) {
    assertThatCode(() -> at(endpoint).user("root", CANARY).build()).doesNotThrowAnyException();
  }

  @Test
  void aNameThatOnlyBeginsLikeLoopbackIsAnotherMachine() {
    assertThatThrownBy(() -> at("localhost.example.com:2379").user("root", CANARY).build())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> at("127.0.0.1.example.com:2379").user("root", CANARY).build())
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void withTlsFilesAnEndpointWithoutASchemeIsReachedByTls() {
    assertThatCode(() -> at("10.0.0.1:2379").user("root", CANARY).tls(TLS).build())
        .doesNotThrowAnyException();
  }

  @Test
  void whoTrustsTheNetworkCanSaySo() {
    assertThatCode(() -> at("10.0.0.1:2379").user("root", CANARY).allowPlaintextPassword().build())
        .doesNotThrowAnyException();
  }

  @Test
  void withoutAPasswordTheClearIsFine() {
    assertThatCode(() -> at("10.0.0.1:2379").build()).doesNotThrowAnyException();
  }

  @Test
  void aPlaintextEndpointTogetherWithTlsFilesIsAnError() {
    assertThatThrownBy(() -> at("http://127.0.0.1:2379").tls(TLS).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("endpoint: http://127.0.0.1:2379 ")
        .hasMessageContaining("expected: https");
  }

  @Test
  void aClientCertificateComesWithItsKey() {
    Optional<Path> file = Optional.of(Path.of("client.pem"));

    assertThatThrownBy(() -> new TlsConfig(Optional.empty(), file, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("TLS client certificate")
        .hasMessageContaining("expected: both or none");
    assertThat(TlsConfig.systemTrust().withClientCertificate(Path.of("c"), Path.of("k")))
        .isEqualTo(
            new TlsConfig(Optional.empty(), Optional.of(Path.of("c")), Optional.of(Path.of("k"))));
  }

  // Secrets.

  @Test
  void noTextShowsASecret() {
    EtcdConfig config = at("127.0.0.1:2379").user("root", CANARY).build();
    Credentials credentials = config.credentials.orElseThrow().get();

    assertThat(config.toString()).contains("127.0.0.1:2379").doesNotContain(CANARY);
    assertThat(config.clientConfig().toString()).doesNotContain(CANARY);
    assertThat(credentials.password()).isEqualTo(CANARY);
    assertThat(credentials.toString()).contains("root").doesNotContain(CANARY);
    assertThat(config.clientConfig().credentials().orElseThrow().get().toString())
        .doesNotContain(CANARY);
  }

  @Test
  void aPasswordIsAskedForAtEveryLoginSoThatItCanBeRotated() {
    List<String> passwords = new ArrayList<>(List.of("old", "new"));
    EtcdConfig config = at("127.0.0.1:2379").user("root", () -> passwords.remove(0)).build();
    assertThat(passwords).hasSize(2);

    var login = config.clientConfig().credentials().orElseThrow();

    assertThat(login.get().password()).isEqualTo("old");
    assertThat(login.get().password()).isEqualTo("new");
  }
}
