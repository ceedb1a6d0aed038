package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Channels to real servers, found in a real etcd. */
class EtcdChannelTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private final List<AutoCloseable> open = new ArrayList<>();
  private final EtcdRegistry registry = opened(EtcdRegistry.create(ETCD.endpoint()));
  private final EtcdResolver resolver = opened(EtcdResolver.create(ETCD.endpoint()));

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
  }

  @Test
  void callsAreSplitByWeight() {
    register(server("a"), 30);
    register(server("b"), 10);
    ManagedChannel channel = connected("etcd:///Hello", 2);

    assertThat(Text.split(channel, 400)).isEqualTo(Map.of("a", 300, "b", 100));
  }

  @Test
  void aNewWeightMovesTheSplitAndNoConnection() {
    TextServer a = server("a");
    TextServer b = server("b");
    Registration registration = register(a, 30);
    register(b, 10);
    ManagedChannel channel = connected("etcd:///Hello", 2);

    registration.update(10, Map.of("zone", "x"));

    await().until(() -> Text.split(channel, 400).equals(Map.of("a", 200, "b", 200)));
    assertThat(a.connections).hasValue(1);
    assertThat(b.connections).hasValue(1);
  }

  @Test
  void anOutageOfEtcdChangesNothing() {
    register(server("a"), 30);
    register(server("b"), 10);
    ManagedChannel channel = connected("etcd:///Hello", 2);

    ETCD.etcd().kill();
    for (int i = 0; i < 10; i++) {
      assertThat(Text.split(channel, 400)).isEqualTo(Map.of("a", 300, "b", 100));
      sleep(Duration.ofMillis(200));
    }
    ETCD.etcd().restart();
    register(server("c"), 40);

    await().until(() -> Text.split(channel, 80).size() == 3);
    await().until(() -> Text.split(channel, 80).equals(Map.of("a", 30, "b", 10, "c", 40)));
  }

  @Test
  void aRemovedInstanceGetsNoCall() {
    TextServer b = server("b");
    register(server("a"), 10);
    Registration registration = register(b, 10);
    ManagedChannel channel = connected("etcd:///Hello", 2);

    registration.close();

    await().until(() -> !Text.split(channel, 4).containsKey("b"));
    assertThat(Text.split(channel, 200)).isEqualTo(Map.of("a", 200));
  }

  @Test
  void aCallThatWaitsIsMadeWhenTheFirstServerComes() {
    ManagedChannel channel = channel("etcd:///Hello");
    var waiting = CompletableFuture.supplyAsync(() -> Text.callWhenReady(channel));
    await().until(() -> channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE);

    register(server("a"), 10);

    assertThat(waiting.join()).isEqualTo("a");
  }

  @Test
  void aCallThatDoesNotWaitFailsNamingTheKeys() {
    assertUnavailable(channel("etcd:///Hello"), "kitex/registry-etcd/Hello/");
    assertUnavailable(channel("etcd:///Hello?lb=none"), "kitex/registry-etcd/Hello/");
  }

  @Test
  void theLastServerMayGoAndAnotherCome() {
    Registration registration = register(server("a"), 10);
    ManagedChannel channel = connected("etcd:///Hello", 1);

    registration.close();
    await().untilAsserted(() -> assertUnavailable(channel, "kitex/registry-etcd/Hello/"));
    register(server("b"), 10);

    assertThat(Text.callWhenReady(channel)).isEqualTo("b");
  }

  @Test
  void anEtcdThatIsAwayAtTheStartFailsCallsUntilItComes() {
    register(server("a"), 10);
    ETCD.etcd().kill();
    ManagedChannel channel = channel("etcd:///Hello");

    assertUnavailable(channel, ETCD.endpoint());
    ETCD.etcd().restart();

    assertThat(Text.callWhenReady(channel)).isEqualTo("a");
  }

  @Test
  void noneLeavesThePolicyAndTheServiceConfigToTheChannel() {
    register(server("a"), 10);
    register(server("b"), 10);
    ManagedChannel plain = channel("etcd:///Hello?lb=none");
    ManagedChannel roundRobin =
        opened(
            builder("etcd:///Hello?lb=none")
                .defaultServiceConfig(
                    Map.of("loadBalancingConfig", List.of(Map.of("round_robin", Map.of()))))
                .build());

    assertThat(Text.split(plain, 50)).hasSize(1);
    await().until(() -> Text.split(roundRobin, 50).equals(Map.of("a", 25, "b", 25)));
  }

  @Test
  void randomIsARandomChoice() {
    register(server("a"), 1000);
    register(server("b"), 1);
    ManagedChannel channel = connected("etcd:///Hello?lb=random", 2);

    assertThat(Text.split(channel, 400))
        .allSatisfy((name, calls) -> assertThat(calls).isGreaterThan(100));
  }

  @Test
  void aUsersServiceConfigIsKeptBesideThePolicy() {
    Map<String, ?> waiting =
        Map.of("methodConfig", List.of(Map.of("name", List.of(Map.of()), "waitForReady", true)));
    ManagedChannel channel =
        opened(
            builder("etcd:///Hello").setNameResolverArg(EtcdGrpc.SERVICE_CONFIG, waiting).build());
    await().until(() -> channel.getState(true) == ConnectivityState.TRANSIENT_FAILURE);
    var call = CompletableFuture.supplyAsync(() -> Text.call(channel));

    register(server("a"), 30);
    register(server("b"), 10);

    assertThat(call.join()).isIn("a", "b");
    await().until(() -> Text.split(channel, 40).equals(Map.of("a", 30, "b", 10)));
  }

  @Test
  void anInstanceWithAHostNameIsLookedUp() {
    TextServer a = server("a");
    registry.register("Hello", Instance.of("localhost", a.port())).await(Duration.ofSeconds(10));
    registry
        .register("Hello", Instance.of("no-such-host.invalid", 1))
        .await(Duration.ofSeconds(10));
    registry.register("Hello", Instance.unix("/run/no.sock")).await(Duration.ofSeconds(10));

    assertThat(Text.callWhenReady(channel("etcd:///Hello"))).isEqualTo("a");
  }

  @Test
  void channelsAndServicesShareAResolver() {
    register(server("a"), 10);
    TextServer b = server("b");
    registry.register("Other", b.instance()).await(Duration.ofSeconds(10));
    ManagedChannel first = channel("etcd:///Hello");
    ManagedChannel second = channel("etcd:///Hello");
    ManagedChannel other = channel("etcd:///Other");
    assertThat(Text.callWhenReady(first)).isEqualTo("a");
    assertThat(Text.callWhenReady(second)).isEqualTo("a");
    assertThat(Text.callWhenReady(other)).isEqualTo("b");

    Text.close(first);
    register(server("c"), 10);

    await().until(() -> Text.split(second, 20).equals(Map.of("a", 10, "c", 10)));
  }

  @Test
  void aClosedResolverFailsCalls() {
    resolver.close();

    assertUnavailable(channel("etcd:///Hello"), "Hello");
  }

  private TextServer server(String name) {
    return opened(TextServer.start(name));
  }

  private Registration register(TextServer server, int weight) {
    Registration registration = registry.register("Hello", server.instance().withWeight(weight));
    registration.await(Duration.ofSeconds(10));
    return registration;
  }

  private ManagedChannelBuilder<?> builder(String target) {
    return Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
        .setNameResolverArg(EtcdGrpc.RESOLVER, resolver);
  }

  private ManagedChannel channel(String target) {
    return opened(builder(target).build());
  }

  private ManagedChannel connected(String target, int servers) {
    ManagedChannel channel = channel(target);
    assertThat(Text.callWhenReady(channel)).isNotEmpty();
    await().until(() -> Text.split(channel, 100).size() == servers);
    return channel;
  }

  private ManagedChannel opened(ManagedChannel channel) {
    open.add(0, () -> Text.close(channel));
    return channel;
  }

  private <T extends AutoCloseable> T opened(T closeable) {
    open.add(0, closeable);
    return closeable;
  }

  private static void assertUnavailable(ManagedChannel channel, String message) {
    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(() -> Text.call(channel))
        .satisfies(
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
              assertThat(e.getStatus().getDescription()).contains(message);
            });
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
