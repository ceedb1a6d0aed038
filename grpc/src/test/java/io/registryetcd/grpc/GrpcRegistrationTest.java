package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.inprocess.InProcessServerBuilder;
import io.registryetcd.AddressPolicy;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import io.registryetcd.server.RegisteredServer;
import io.registryetcd.testkit.EtcdExtension;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Servers that register themselves in a real etcd. */
class GrpcRegistrationTest {

  private static final ServerCredentials PLAINTEXT = InsecureServerCredentials.create();
  private static final Duration SOON = Duration.ofSeconds(10);

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private final List<AutoCloseable> open = new ArrayList<>();
  private final EtcdRegistry registry =
      opened(
          EtcdRegistry.create(
              EtcdConfig.builder()
                  .endpoints(ETCD.endpoint())
                  .addressPolicy(AddressPolicy.standard().allowLoopback())
                  .build()));
  private final EtcdResolver resolver = opened(EtcdResolver.create(ETCD.endpoint()));
  private final TextServer text = opened(TextServer.notStarted("a", PLAINTEXT));

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
  }

  @Test
  void aServerIsStartedAndRegisteredAtItsRealPort() throws IOException {
    RegisteredServer<Server> server =
        opened(EtcdGrpc.register(registry, "Hello", text.builder(PLAINTEXT))).awaitRegistered(SOON);

    Instance instance = resolver.resolve("Hello").instances().get(0);
    assertThat(server.server().getPort()).isPositive();
    assertThat(instance.port()).isEqualTo(server.server().getPort());
    assertThat(instance.host()).isNotIn("0.0.0.0", "::", "");
  }

  @Test
  void aRunningServerIsRegisteredUnderEachNameWithWeightAndTags() throws IOException {
    Server running = text.server.start();

    RegisteredServer<Server> server =
        opened(
            EtcdGrpc.registration(registry)
                .service("Hello")
                .service("Greeter")
                .weight(7)
                .tag("zone", "a")
                .start(running));

    server.awaitRegistered(SOON);
    assertThat(server.registrations())
        .extracting(Registration::service)
        .containsExactly("Hello", "Greeter");
    for (String service : List.of("Hello", "Greeter")) {
      Instance instance = resolver.resolve(service).instances().get(0);
      assertThat(instance.weight()).isEqualTo(7);
      assertThat(instance.tags()).containsEntry("zone", "a");
    }
  }

  @Test
  void anAddressMayBeAdvertised() throws IOException {
    EtcdGrpc.registration(registry)
        .service("Hello")
        .advertise("10.9.8.7:6543")
        .start(text.server)
        .awaitRegistered(SOON);
    RegisteredServer<Server> hostOnly =
        opened(
            EtcdGrpc.registration(registry)
                .service("Other")
                .advertise("fd00::1")
                .start(text.builder(PLAINTEXT)));
    hostOnly.awaitRegistered(SOON);

    assertThat(resolver.resolve("Hello").instances())
        .extracting(Instance::address)
        .containsExactly("10.9.8.7:6543");
    assertThat(resolver.resolve("Other").instances())
        .extracting(Instance::address)
        .containsExactly("[fd00::1]:" + hostOnly.server().getPort());
  }

  @Test
  void aServerWithoutAnIpAddressMustBeAdvertised() {
    Server server = InProcessServerBuilder.forName("in-process").build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> EtcdGrpc.register(registry, "Hello", server))
        .withMessageContaining("advertise");
    assertThat(server.isShutdown()).isTrue();
  }

  @Test
  void aServerThatCannotBeRegisteredIsStoppedAndDeregistered() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                EtcdGrpc.registration(registry)
                    .service("Hello")
                    .service("not/allowed")
                    .start(text.server));

    assertThat(text.server.isShutdown()).isTrue();
    assertThat(registry.registrations()).isEmpty();
  }

  @Test
  void aNameAndALivingServerAreNeeded() {
    assertThatIllegalStateException()
        .isThrownBy(() -> EtcdGrpc.registration(registry).start(text.server))
        .withMessageContaining("service");
    text.server.shutdownNow();
    assertThatIllegalStateException()
        .isThrownBy(() -> EtcdGrpc.register(registry, "Hello", text.server))
        .withMessageContaining("shut down");
  }

  @Test
  void noCallFailsWhileAServerIsShutDownUnderLoad() throws Exception {
    RegisteredServer<Server> a = start(text);
    RegisteredServer<Server> b = start(opened(TextServer.notStarted("b", PLAINTEXT)));
    try (var load = new Load(channel(), 4)) {
      await().until(() -> load.servers().size() == 2);

      a.shutdown();

      assertThat(a.server().isTerminated()).isTrue();
      int before = load.calls.get();
      await().until(() -> load.calls.get() > before + 200);
      assertThat(load.failure.get()).isNull();
    }
    assertThat(b.server().isShutdown()).isFalse();
  }

  @Test
  void aServerServesOnWhileItsKeyIsGoneAndThenStops() throws InterruptedException {
    RegisteredServer<Server> server = start(text, Duration.ofMinutes(1));
    ManagedChannel direct =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + server.server().getPort(), InsecureChannelCredentials.create())
            .build();
    open.add(0, () -> Text.close(direct));

    var shutdown = new Thread(server::shutdown);
    shutdown.setDaemon(true);
    shutdown.start();

    await().until(() -> keys().isEmpty());
    assertThat(Text.call(direct)).isEqualTo("a");
    assertThat(server.server().isShutdown()).isFalse();
    shutdown.interrupt(); // ends the drain delay
    shutdown.join();
    assertThat(server.server().awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    server.shutdown();
    server.close();
  }

  @Test
  void closeIsQuickAndLeavesNoKey() {
    RegisteredServer<Server> server = start(text, Duration.ofMinutes(1));

    long begin = System.nanoTime();
    server.close();

    // told from the drain delay, on any machine
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
    assertThat(server.server().isTerminated()).isTrue();
    await().until(() -> keys().isEmpty());
  }

  private RegisteredServer<Server> start(TextServer server) {
    return start(server, Duration.ofSeconds(1));
  }

  private RegisteredServer<Server> start(TextServer server, Duration drainDelay) {
    try {
      return opened(
              EtcdGrpc.registration(registry)
                  .service("Hello")
                  .advertise("127.0.0.1")
                  .drainDelay(drainDelay)
                  .start(server.builder(PLAINTEXT)))
          .awaitRegistered(SOON);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private ManagedChannel channel() {
    ManagedChannel channel =
        Grpc.newChannelBuilder("etcd:///Hello", InsecureChannelCredentials.create())
            .setNameResolverArg(EtcdGrpc.RESOLVER, resolver)
            .build();
    open.add(0, () -> Text.close(channel));
    return channel;
  }

  private static String keys() {
    return ETCD.etcd().etcdctl("get", "--prefix", "--keys-only", "kitex/").trim();
  }

  private <T extends AutoCloseable> T opened(T closeable) {
    open.add(0, closeable);
    return closeable;
  }
}
