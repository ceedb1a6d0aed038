package io.registryetcd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryetcd.AddressPolicy;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.testkit.EtcdExtension;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The registration of any kind of server; those of gRPC and Kitex are tested in their modules. */
class ServerRegistrationTest {

  private static final Duration SOON = Duration.ofSeconds(10);

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private final EtcdRegistry registry =
      EtcdRegistry.create(
          EtcdConfig.builder()
              .endpoints(ETCD.endpoint())
              .addressPolicy(AddressPolicy.standard().allowLoopback())
              .build());
  private final TextServer server = TextServer.at(new InetSocketAddress("127.0.0.1", 8001));

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void aServerIsDeregisteredBeforeItIsStopped() {
    RegisteredServer<TextServer> registered =
        registration()
            .service("Hello")
            .drainDelay(Duration.ZERO)
            .grace(Duration.ofSeconds(3))
            .start(server)
            .awaitRegistered(SOON);
    assertThat(keys()).containsExactly("kitex/registry-etcd/Hello/127.0.0.1:8001");

    registered.shutdown();

    assertThat(registered.server()).isSameAs(server);
    assertThat(server.stops).containsExactly(Duration.ofSeconds(3));
    assertThat(server.keysWhenStopped).isEmpty();
  }

  @Test
  void closeAllowsOneSecondAtMost() {
    registration().service("Hello").start(server).close();
    registration().service("Hello").grace(Duration.ofMillis(100)).start(server).close();

    assertThat(server.stops).containsExactly(Duration.ofSeconds(1), Duration.ofMillis(100));
  }

  @Test
  void aServerWithoutAnAddressIsRegisteredWhereItIsAdvertised() {
    TextServer unreachable = new TextServer(Optional.empty());
    registration().service("Hello").advertise("10.9.8.7:6543").start(unreachable);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> registration().service("Other").advertise("10.9.8.7").start(unreachable))
        .withMessage("no address");
    assertThat(unreachable.stops).as("not left running").containsExactly(Duration.ZERO);
  }

  @Test
  void aHostThatIsNotResolvedIsTakenAsItIs() {
    registration()
        .service("Hello")
        .start(TextServer.at(InetSocketAddress.createUnresolved("hello.internal", 8002)))
        .awaitRegistered(SOON);

    assertThat(keys()).containsExactly("kitex/registry-etcd/Hello/hello.internal:8002");
  }

  @Test
  void namesAreNeeded() {
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> registration().start(server))
        .withMessage("service: none (expected: service(name) before start)");
  }

  private TextRegistration registration() {
    return new TextRegistration(registry);
  }

  private static List<String> keys() {
    return ETCD.etcd()
        .etcdctl("get", "--prefix", "--keys-only", "")
        .lines()
        .filter(line -> !line.isEmpty())
        .toList();
  }

  /** An adapter, as somebody would write it for another kind of server. */
  private static final class TextRegistration extends ServerRegistration<TextRegistration> {

    TextRegistration(EtcdRegistry registry) {
      super(registry);
    }

    @Override
    protected TextRegistration self() {
      return this;
    }

    RegisteredServer<TextServer> start(TextServer server) {
      return register(server, server);
    }
  }

  private static final class TextServer implements ServerControl {

    private final Optional<InetSocketAddress> address;
    private final List<Duration> stops = new ArrayList<>();
    private List<String> keysWhenStopped = List.of("not stopped yet");

    TextServer(Optional<InetSocketAddress> address) {
      this.address = address;
    }

    static TextServer at(InetSocketAddress address) {
      return new TextServer(Optional.of(address));
    }

    @Override
    public InetSocketAddress address() {
      return address.orElseThrow(() -> new IllegalArgumentException("no address"));
    }

    @Override
    public void stop(Duration grace) {
      stops.add(grace);
      keysWhenStopped = keys();
    }

    @Override
    public void awaitTermination() {}
  }
}
