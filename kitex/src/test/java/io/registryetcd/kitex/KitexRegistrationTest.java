package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.registryetcd.AddressPolicy;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.server.RegisteredServer;
import io.registryetcd.testkit.EtcdExtension;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Servers that register themselves in a real etcd. */
class KitexRegistrationTest {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Message REQUEST = Requests.echo(Framing.TTHEADER, 1, "hi");

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private final List<AutoCloseable> open = new ArrayList<>();
  private final EtcdRegistry registry =
      opened(
          EtcdRegistry.create(
              EtcdConfig.builder()
                  .endpoints(ETCD.endpoint())
                  .addressPolicy(AddressPolicy.standard().allowLoopback())
                  .build()));
  private final EtcdResolver resolver =
      opened(
          EtcdResolver.create(
              EtcdConfig.builder()
                  .endpoints(ETCD.endpoint())
                  .resolveTimeout(Duration.ofSeconds(20))
                  .build()));

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
  }

  private KitexRegistration registration() {
    return KitexRegistration.of(registry);
  }

  private static KitexServer.Builder hello() {
    return LoopbackServer.builder().service(TextProcessor.hello("s"));
  }

  private List<Instance> instances(String service) {
    return resolver.resolve(service).instances();
  }

  @Test
  void aServerIsStartedAndRegisteredAtItsRealPort() throws IOException {
    RegisteredServer<KitexServer> server =
        opened(registration().service("Hello").start(hello())).awaitRegistered(SOON);

    assertThat(instances("Hello"))
        .extracting(Instance::address)
        .containsExactly("127.0.0.1:" + server.server().port());
    assertThat(Requests.text(opened(RawConnection.to(server.server())).call(REQUEST)))
        .isEqualTo("s|hi");
  }

  @Test
  void aServerThatListensEverywhereIsRegisteredAtAnAddress() throws IOException {
    opened(registration().service("Hello").start(hello().listen(new InetSocketAddress(0))))
        .awaitRegistered(SOON);

    assertThat(instances("Hello"))
        .singleElement()
        .matches(instance -> !List.of("0.0.0.0", "::", "").contains(instance.host()));
  }

  @Test
  void aRunningServerIsRegisteredUnderEachNameWithWeightAndTags() throws IOException {
    KitexServer running = opened(hello().start());

    RegisteredServer<KitexServer> server =
        opened(
            registration()
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
      Instance instance = instances(service).get(0);
      assertThat(instance.weight()).isEqualTo(7);
      assertThat(instance.tags()).containsEntry("zone", "a");
    }
  }

  @Test
  void anAddressMayBeAdvertised() throws IOException {
    opened(registration().service("Hello").advertise("10.9.8.7:6543").start(hello()))
        .awaitRegistered(SOON);
    RegisteredServer<KitexServer> hostOnly =
        opened(registration().service("Other").advertise("fd00::1").start(hello()))
            .awaitRegistered(SOON);

    assertThat(instances("Hello")).extracting(Instance::address).containsExactly("10.9.8.7:6543");
    assertThat(instances("Other"))
        .extracting(Instance::address)
        .containsExactly("[fd00::1]:" + hostOnly.server().port());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registration().advertise("host:99999"))
        .withMessage("advertise: host:99999 (expected: host:port)");
  }

  @Test
  void aServerThatCannotBeRegisteredIsStoppedAndDeregistered() throws IOException {
    KitexServer server = hello().start();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> registration().service("Hello").service("not/allowed").start(server));

    assertThat(server.isShutdown()).isTrue();
    await().until(() -> registry.registrations().isEmpty());
  }

  @Test
  void aNameAndALivingServerAreNeeded() throws IOException {
    KitexServer server = hello().start();
    assertThatIllegalStateException()
        .isThrownBy(() -> registration().start(server))
        .withMessageContaining("service: none");
    server.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> registration().service("Hello").start(server))
        .withMessageContaining("shut down");
  }

  /**
   * Deregistered, served on for the drain delay; an interrupt ends that, and what is left is cut.
   */
  @Test
  void aServerServesOnWhileItsKeyIsGoneAndThenStops() throws Exception {
    RegisteredServer<KitexServer> server =
        opened(registration().service("Hello").drainDelay(Duration.ofMinutes(1)).start(hello()))
            .awaitRegistered(SOON);
    RawConnection client = opened(RawConnection.to(server.server()));

    Thread shutdown = new Thread(server::shutdown, "shutdown");
    shutdown.setDaemon(true);
    shutdown.start();
    await().until(() -> keys().isEmpty());
    Message whileDraining = client.call(REQUEST);
    try (var newClient = RawConnection.to(server.server())) {
      assertThat(Requests.text(newClient.call(REQUEST))).isEqualTo("s|hi");
    }

    assertThat(server.server().isShutdown()).isFalse();
    assertThat(whileDraining.header().strings()).isEmpty();
    shutdown.interrupt(); // ends the delay
    assertThat(client.isEnded()).isTrue();
    shutdown.join();
    server.awaitTermination();
    server.shutdown();
    server.close();
  }

  @Test
  void callsUnderWayAtTheEndOfTheDelayAreAnswered() throws Exception {
    BlockingQueue<Runnable> calls = new LinkedBlockingQueue<>();
    RegisteredServer<KitexServer> server =
        opened(
                registration()
                    .service("Hello")
                    .drainDelay(Duration.ZERO)
                    .grace(SOON)
                    .start(hello().executor(calls::add)))
            .awaitRegistered(SOON);
    RawConnection client = opened(RawConnection.to(server.server())).send(REQUEST);
    Runnable call = calls.take();

    var ended = CompletableFuture.runAsync(server::shutdown);
    await().until(server.server()::isShutdown);
    call.run();

    assertThat(client.receive().header().strings()).containsEntry("crrst", "1");
    assertThat(client.isEnded()).isTrue();
    ended.join();
  }

  @Test
  void closeIsQuickAndLeavesNoKey() throws Exception {
    RegisteredServer<KitexServer> server =
        registration()
            .service("Hello")
            .drainDelay(Duration.ofMinutes(1))
            .start(hello())
            .awaitRegistered(SOON);

    server.close();

    server.awaitTermination();
    await().until(() -> keys().isEmpty());
  }

  @Test
  void delaysAreChecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registration().drainDelay(Duration.ofSeconds(-1)))
        .withMessage("drainDelay: PT-1S (expected: not negative)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registration().grace(Duration.ofSeconds(-1)))
        .withMessage("grace: PT-1S (expected: not negative)");
  }

  private static String keys() {
    return ETCD.etcd().etcdctl("get", "--prefix", "--keys-only", "kitex/").trim();
  }

  private <T extends AutoCloseable> T opened(T closeable) {
    open.add(0, closeable);
    return closeable;
  }
}
