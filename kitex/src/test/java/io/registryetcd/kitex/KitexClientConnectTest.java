package io.registryetcd.kitex;

import static io.registryetcd.kitex.ClientHello.request;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.Uninterruptibles;
import io.registryetcd.Instance;
import io.registryetcd.examples.api.Response;
import io.registryetcd.loadbalance.Picker;
import io.registryetcd.testkit.EtcdExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.apache.thrift.TException;
import org.apache.thrift.transport.TTransportException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The way to a connection: what may throw on it, and for how long each part may take. */
class KitexClientConnectTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  @Test
  void anInstanceWhoseAddressIsOfNoUseHereIsFollowedByAnother() throws Exception {
    fixture.register(Instance.of("fe80::1%nosuch", 8888).withWeight(100));
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client();

    for (int i = 0; i < 4; i++) {
      assertThat(echo(client)).isEqualTo("a|hi");
    }
    assertThat(server.requests).hasSize(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost"})
  void whatFailsBeforeTheDialIsAFailureToConnect(String host) throws Exception {
    fixture.register(Instance.of(host, 8888));
    SSLContext notInitialized = SSLContext.getInstance("TLS");

    TTransportException thrown = failure(fixture.client(b -> b.tls(notInitialized)));

    assertThat(thrown.getType()).isEqualTo(TTransportException.NOT_OPEN);
    assertThat(thrown)
        .hasMessageStartingWith("Hello.echo: not sent, for no instance could be connected to: ")
        .hasMessageContaining(host + ":8888 (SSLContext is not initialized)");
  }

  @Test
  void aLoadBalancerThatFailsIsAFailureToConnect() {
    fixture.server(ClientHello.answering("a"));
    KitexClient client =
        fixture.client(
            b ->
                b.loadBalancer(
                    instances ->
                        () -> {
                          throw new IllegalStateException("no zone");
                        }));

    TTransportException thrown = failure(client);

    assertThat(thrown.getType()).isEqualTo(TTransportException.NOT_OPEN);
    assertThat(thrown)
        .hasMessage("Hello.echo: not sent: java.lang.IllegalStateException: no zone")
        .hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void aLoadBalancerThatRefusesAnEmptyListRefusesNoClient() throws Exception {
    KitexClient client =
        fixture.client(
            b ->
                b.loadBalancer(
                    instances -> {
                      Instance first = instances.get(0);
                      return () -> first;
                    }));
    fixture.server(ClientHello.answering("a"));

    await().ignoreExceptions().until(() -> echo(client).equals("a|hi"));
  }

  @Test
  void aLoadBalancerThatFailsLaterFailsNoCallThatIsAnswered() {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());
    KitexClient client =
        fixture.client(
            b ->
                b.loadBalancer(
                    instances -> {
                      if (instances.size() > 1) {
                        throw new IllegalStateException("too many");
                      }
                      return () -> instances.get(0);
                    }));
    CompletableFuture<Response> underWay = begin(client);
    await().until(() -> server.requests.size() == 1);
    fixture.register(Instance.of("127.0.0.1", 8888));
    await().until(() -> fixture.resolver.resolve("Hello").instances().size() == 2);

    ClientHello.answering("a").on(server.requests.get(0), server.peers().get(0));

    assertThat(underWay).succeedsWithin(Duration.ofSeconds(10));
    assertThat(failure(client)).hasMessageContaining("not sent: ").hasMessageEndingWith("too many");
  }

  @Test
  void aNameThatIsNotFoundInTimeIsFollowedByAnotherInstance() throws Exception {
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));
    fixture.register(Instance.of("localhost", server.port()).withWeight(100));
    KitexClient client =
        fixture.client(b -> b.maxIdleConnections(0).connectTimeout(Duration.ofSeconds(1)));
    echo(client);
    blockLookups();

    assertThat(echo(client)).isEqualTo("a|hi");
  }

  @Test
  void anotherInstanceIsTriedWhileLookupsHang() throws Exception {
    fixture.register(deadInstance().withWeight(100));
    fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client();
    echo(client);
    blockLookups();

    for (int i = 0; i < 4; i++) {
      assertThat(echo(client)).isEqualTo("a|hi");
    }
  }

  @Test
  void theFirstListIsFoundWhileLookupsHang() throws Exception {
    fixture.server(ClientHello.answering("a"));
    blockLookups();

    assertThat(echo(fixture.client())).isEqualTo("a|hi");
  }

  @Test
  void aTlsHandshakeHasTheTimeThatConnectingHasLeft() throws Exception {
    SSLContext tls = SSLContext.getDefault();
    try (ServerSocket mute = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      fixture.register(Instance.of("127.0.0.1", mute.getLocalPort()));
      KitexClient client = fixture.client(b -> b.tls(tls).connectTimeout(Duration.ofMillis(100)));

      assertThat(failure(client))
          .hasMessageEndingWith("(not connected within PT0.1S (connectTimeout))");
    }
  }

  @Test
  void aCallCancelledWhileAnotherInstanceIsPickedConnectsToNone() throws Exception {
    Instance dead = deadInstance();
    fixture.register(dead);
    var picks = new AtomicInteger();
    var call = new CompletableFuture<CompletableFuture<Response>>();
    Picker picker =
        () -> {
          if (picks.getAndIncrement() == 0) {
            return dead;
          }
          await().until(() -> lookupThreads() == 0);
          call.join().cancel(true);
          return Instance.of("localhost", dead.port());
        };
    var done = new CountDownLatch(1);
    KitexClient client =
        fixture.client(b -> b.loadBalancer(list -> picker).executor(task -> done.countDown()));

    call.complete(begin(client));

    assertThat(done.await(20, SECONDS)).isTrue();
    assertThat(picks).hasValue(2);
    assertThat(lookupThreads()).as("threads that look up the name, to connect to it").isZero();
  }

  private static long lookupThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("registry-etcd-kitex-lookup"))
        .count();
  }

  /** As a name server that does not answer does. */
  private void blockLookups() {
    var end = new CountDownLatch(1);
    fixture.opened((AutoCloseable) end::countDown);
    for (int i = 0; i < 100; i++) { // more than there are threads
      ClientThreads.LOOKUPS.execute(() -> Uninterruptibles.awaitUninterruptibly(end));
    }
  }

  /** An address where nobody listens: its port is held until the test ends. */
  private Instance deadInstance() throws IOException {
    Socket bound = fixture.opened(new Socket());
    bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return Instance.of("127.0.0.1", bound.getLocalPort());
  }

  private static CompletableFuture<Response> begin(KitexClient client) {
    return ClientHello.of(client).callAsync(c -> c.send_echo(request("hi")), c -> c.recv_echo());
  }

  private static String echo(KitexClient client) throws TException {
    return ClientHello.of(client).call(c -> c.echo(request("hi"))).getMessage();
  }

  private static TTransportException failure(KitexClient client) {
    return catchThrowableOfType(TTransportException.class, () -> echo(client));
  }
}
