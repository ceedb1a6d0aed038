package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Channels that are given no resolver, and so share one of their own. */
class ImplicitClientTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private final TextServer server = TextServer.start("a");

  @AfterEach
  void close() {
    server.close();
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith("registry.etcd."))
        .forEach(System::clearProperty);
  }

  @Test
  void channelsOfOneEtcdShareAClientThatEndsWithTheLastOfThem() {
    try (EtcdRegistry registry = EtcdRegistry.create(ETCD.endpoint())) {
      registry.register("Hello", server.instance()).await(Duration.ofSeconds(10));
      registry.register("Other", server.instance()).await(Duration.ofSeconds(10));

      long before = sessionThreads();
      ManagedChannel first = channel("etcd://" + ETCD.endpoint() + "/Hello");
      ManagedChannel second = channel("etcd:///Other?endpoints=" + ETCD.endpoint());
      assertThat(Text.callWhenReady(first)).isEqualTo("a");
      assertThat(Text.callWhenReady(second)).isEqualTo("a");
      assertThat(SharedResolvers.INSTANCE.size()).isEqualTo(1);

      Text.close(first);
      assertThat(SharedResolvers.INSTANCE.size()).isEqualTo(1);
      assertThat(Text.call(second)).isEqualTo("a");
      Text.close(second);

      assertThat(SharedResolvers.INSTANCE.size()).isZero();
      await().until(() -> sessionThreads() <= before);
    }
  }

  @Test
  void channelsOfDifferentPrefixesDoNotShare() {
    ManagedChannel first = channel("etcd://" + ETCD.endpoint() + "/Hello");
    ManagedChannel second = channel("etcd://" + ETCD.endpoint() + "/Hello?prefix=other");
    first.getState(true);
    second.getState(true);

    await().until(() -> SharedResolvers.INSTANCE.size() == 2);
    Text.close(first);
    Text.close(second);
    assertThat(SharedResolvers.INSTANCE.size()).isZero();
  }

  @Test
  void endpointsAndIdentityComeFromTheProcess() {
    ETCD.etcd().enableAuth("root-password");
    EtcdConfig config =
        EtcdConfig.builder().endpoints(ETCD.endpoint()).user("root", "root-password").build();
    try (EtcdRegistry registry = EtcdRegistry.create(config)) {
      registry.register("Hello", server.instance()).await(Duration.ofSeconds(10));
      System.setProperty("registry.etcd.endpoints", ETCD.endpoint());
      System.setProperty("registry.etcd.user", "root");
      System.setProperty("registry.etcd.password", "root-password");

      ManagedChannel channel = channel("etcd:///Hello");

      assertThat(Text.callWhenReady(channel)).isEqualTo("a");
      Text.close(channel);
    }
  }

  @Test
  void aChannelWithoutAnyEndpointIsRefusedSayingHowToGiveOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> channel("etcd:///Hello"))
        .withMessageContaining("EtcdGrpc.RESOLVER")
        .withMessageContaining("registry.etcd.endpoints")
        .withMessageContaining("REGISTRY_ETCD_ENDPOINTS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "etcd:Hello",
        "etcd://root:s3cret@127.0.0.1:1/Hello",
        "etcd://127.0.0.1:1/a/b",
        "etcd://127.0.0.1/Hello",
        "etcd://127.0.0.1:1/Hello?password=s3cret",
      })
  void aWrongTargetIsRefusedWhenTheChannelIsBuilt(String target) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> channel(target))
        .withMessageContaining("expected")
        .satisfies(e -> assertThat(e.toString()).doesNotContain("s3cret"));
  }

  @Test
  void aCertificateThatIsNotThereFailsCalls() {
    System.setProperty("registry.etcd.ca", "/no/such/ca.pem");

    ManagedChannel channel = channel("etcd://" + ETCD.endpoint() + "/Hello");
    try {
      assertThat(catchThrowable(() -> Text.call(channel))).hasMessageContaining("/no/such/ca.pem");
    } finally {
      Text.close(channel);
    }
  }

  @Test
  void aGivenResolverGoesBeforeTheTarget() {
    try (EtcdRegistry registry = EtcdRegistry.create(ETCD.endpoint());
        EtcdResolver resolver = EtcdResolver.create(ETCD.endpoint())) {
      registry.register("Hello", server.instance()).await(Duration.ofSeconds(10));

      ManagedChannel channel =
          Grpc.newChannelBuilder("etcd://127.0.0.1:1/Hello", InsecureChannelCredentials.create())
              .setNameResolverArg(EtcdGrpc.RESOLVER, resolver)
              .build();

      assertThat(Text.callWhenReady(channel)).isEqualTo("a");
      Text.close(channel);
      assertThat(resolver.resolve("Hello").instances())
          .extracting(Instance::port)
          .containsExactly(server.port());
    }
  }

  @Test
  void aServiceConfigThatGrpcDoesNotUnderstandIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Grpc.newChannelBuilder(
                        "etcd://" + ETCD.endpoint() + "/Hello", InsecureChannelCredentials.create())
                    .setNameResolverArg(EtcdGrpc.SERVICE_CONFIG, Map.of("methodConfig", "x"))
                    .build())
        .withMessageContaining("EtcdGrpc.SERVICE_CONFIG");
  }

  @Test
  void anIdleChannelGivesItsClientBackAndTakesOneAgain() {
    try (EtcdRegistry registry = EtcdRegistry.create(ETCD.endpoint())) {
      registry.register("Hello", server.instance()).await(Duration.ofSeconds(10));
      ManagedChannel channel =
          Grpc.newChannelBuilder(
                  "etcd://" + ETCD.endpoint() + "/Hello", InsecureChannelCredentials.create())
              .idleTimeout(1, TimeUnit.SECONDS)
              .build();
      assertThat(Text.call(channel)).isEqualTo("a");

      await().until(() -> SharedResolvers.INSTANCE.size() == 0);

      assertThat(Text.call(channel)).isEqualTo("a");
      Text.close(channel);
    }
  }

  private static ManagedChannel channel(String target) {
    return Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
  }

  private static long sessionThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("registry-etcd-"))
        .count();
  }
}
