package io.registryetcd.kitex;

import static io.registryetcd.kitex.ClientHello.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.NoInstanceException;
import io.registryetcd.testkit.EtcdExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.thrift.TException;
import org.apache.thrift.transport.TTransportException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a call does when something goes wrong: tried again while it cannot have run, else failed.
 */
class KitexClientFailureTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  @Test
  void aConnectionClosedWhileIdleIsReplacedWithoutAnError() throws Exception {
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client();
    echo(client);

    server.peers().forEach(FakeKitexServer.Peer::finish);
    await("the client has noticed, and closed its side").until(() -> server.connections() == 0);

    assertThat(echo(client)).isEqualTo("a|hi");
    assertThat(server.accepted).hasValue(2);
  }

  @Test
  void bytesThatNobodyAskedForCloseAnIdleConnection() throws Exception {
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client();
    echo(client);

    server.peers().forEach(peer -> peer.send(new byte[1]));
    await().until(() -> server.connections() == 0);

    assertThat(echo(client)).isEqualTo("a|hi");
  }

  @Test
  void aConnectionClosedAfterTheRequestFailsTheCallWhichIsNotRepeated() {
    FakeKitexServer one = fixture.server((request, peer) -> peer.close());
    FakeKitexServer other = fixture.server((request, peer) -> peer.reset());
    KitexClient client = fixture.client();

    for (int i = 1; i <= 4; i++) {
      TTransportException thrown = failure(client);

      assertThat(thrown.getType()).isEqualTo(TTransportException.END_OF_FILE);
      assertThat(thrown.getMessage())
          .startsWith("Hello.echo: the connection to 127.0.0.1:")
          .contains("ended before the reply, so the call may have run");
      assertThat(one.requests.size() + other.requests.size()).isEqualTo(i);
    }
  }

  @Test
  void anInstanceThatRefusesConnectionsIsFollowedByAnother() throws Exception {
    fixture.register(deadInstance().withWeight(100));
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client();

    for (int i = 0; i < 50; i++) {
      assertThat(echo(client)).isEqualTo("a|hi");
    }
    assertThat(server.requests).hasSize(50);
  }

  @Test
  void anInstanceThatDoesNotAcceptIsFollowedByAnother() throws Exception {
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<Socket> queue = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        queue.add(new Socket(full.getInetAddress(), full.getLocalPort()));
      }
      fixture.register(Instance.of("127.0.0.1", full.getLocalPort()));
      KitexClient client = fixture.client(b -> b.connectTimeout(Duration.ofMillis(100)));

      assertThat(failure(client)).hasMessageContaining("not connected within PT0.1S");

      fixture.server(ClientHello.answering("a"));
      await().ignoreExceptions().until(() -> echo(client).equals("a|hi"));
      for (int i = 0; i < 4; i++) {
        assertThat(echo(client)).isEqualTo("a|hi");
      }
      for (Socket socket : queue) {
        socket.close();
      }
    }
  }

  @Test
  void anotherInstanceIsTriedEvenIfTheLoadBalancerAlwaysPicksTheSame() throws Exception {
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));
    Instance dead = deadInstance();
    fixture.register(dead);
    KitexClient client =
        fixture.client(
            b ->
                b.loadBalancer(
                    instances ->
                        () ->
                            instances.stream()
                                .filter(instance -> instance.port() == dead.port())
                                .findFirst()
                                .orElseGet(() -> instances.get(0))));

    assertThat(echo(client)).isEqualTo("a|hi");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void ifNoneCanBeConnectedToTheErrorNamesAllThatWereTried() throws Exception {
    Instance one = deadInstance();
    Instance other = deadInstance();
    fixture.register(one);
    fixture.register(other);

    TTransportException thrown = failure(fixture.client());

    assertThat(thrown.getType()).isEqualTo(TTransportException.NOT_OPEN);
    assertThat(thrown)
        .hasMessageStartingWith("Hello.echo: not sent, for no instance could be connected to: ")
        .hasMessageContaining(one.address() + " (Connection refused")
        .hasMessageContaining(other.address() + " (Connection refused");
  }

  @Test
  void sixInstancesAreTriedAtMost() throws Exception {
    for (int i = 0; i < 8; i++) {
      fixture.register(deadInstance());
    }

    assertThat(failure(fixture.client()).toString().split("Connection refused", -1)).hasSize(6 + 1);
  }

  @Test
  void withoutAnInstanceTheErrorIsThatOfTheResolver() {
    TTransportException thrown = failure(fixture.client());

    assertThat(thrown.getType()).isEqualTo(TTransportException.NOT_OPEN);
    assertThat(thrown)
        .hasMessageStartingWith("Hello.echo: no instance of Hello under kitex/registry-etcd/Hello/")
        .cause()
        .isInstanceOfSatisfying(
            NoInstanceException.class,
            e -> assertThat(e.reason()).isEqualTo(NoInstanceException.Reason.NO_KEY));
  }

  @Test
  void theFirstCallWaitsForTheFirstListAsLongAsTheResolverDoes() throws Exception {
    fixture.server(ClientHello.answering("a"));
    ETCD.etcd().pause();
    KitexClient impatient = fixture.client(b -> b.callTimeout(Duration.ofMillis(100)));
    EtcdResolver quick =
        fixture.opened(
            EtcdResolver.create(
                EtcdConfig.builder()
                    .endpoints(ETCD.endpoint())
                    .resolveTimeout(Duration.ofMillis(300))
                    .build()));
    KitexClient client = fixture.opened(KitexClient.builder(quick, "Hello").build());

    assertThat(failure(impatient))
        .hasMessage("Hello.echo: no reply within PT0.1S, waited for the list of instances");
    assertThat(failure(client).getCause())
        .isInstanceOfSatisfying(
            NoInstanceException.class,
            e -> assertThat(e.reason()).isEqualTo(NoInstanceException.Reason.UNREACHABLE));

    ETCD.etcd().resume();
    await().ignoreExceptions().until(() -> echo(client).equals("a|hi"));
  }

  @Test
  void aCallWithoutReplyTimesOutAndItsConnectionIsClosed() throws Exception {
    FakeKitexServer server = fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client();
    echo(client); // so that only the reply is missing
    server.script(FakeKitexServer.silent());
    var hello = ClientHello.of(client).withCallTimeout(Duration.ofSeconds(2));

    TTransportException thrown =
        catchThrowableOfType(
            TTransportException.class, () -> hello.call(c -> c.echo(request("hi"))));

    assertThat(thrown.getType()).isEqualTo(TTransportException.TIMED_OUT);
    assertThat(thrown)
        .hasMessage(
            "Hello.echo: no reply within PT2S, waited for the reply of " + server.address());
    await().until(() -> server.connections() == 0);
    assertThat(server.requests).hasSize(2);
  }

  @Test
  void theTimeLimitCanBeChangedForSomeCalls() {
    fixture.server(FakeKitexServer.silent());
    var hello = ClientHello.of(fixture.client()).withCallTimeout(Duration.ofMillis(50));

    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(() -> hello.call(c -> c.echo(request("hi"))))
        .withMessageContaining("no reply within PT0.05S");
  }

  @Test
  void anInterruptedCallEndsAndItsConnectionIsClosed() throws Exception {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());
    KitexClient client = fixture.client();
    var thrown = new AtomicReference<TTransportException>();
    var flag = new CompletableFuture<Boolean>();
    Thread caller =
        new Thread(
            () -> {
              thrown.set(failure(client));
              flag.complete(Thread.currentThread().isInterrupted());
            });
    caller.start();
    await().until(() -> server.requests.size() == 1);

    caller.interrupt();

    caller.join();
    assertThat(flag.join()).isTrue();
    assertThat(thrown.get())
        .hasMessage("Hello.echo: interrupted, waited for the reply of " + server.address())
        .hasCauseInstanceOf(InterruptedException.class);
    await().until(() -> server.connections() == 0);
  }

  @Test
  void aReplyThatIsNoneFailsTheCallAndItsConnectionIsClosed() {
    FakeKitexServer server =
        fixture.server(
            FakeKitexServer.replying("HTTP/1.1 400".getBytes(StandardCharsets.US_ASCII)));

    TTransportException thrown = failure(fixture.client());

    assertThat(thrown.getType()).isEqualTo(TTransportException.CORRUPTED_DATA);
    assertThat(thrown).hasMessageEndingWith(" from " + server.address());
    await().until(() -> server.connections() == 0);
  }

  @Test
  void aReplyLargerThanTheLimitFailsTheCall() {
    fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client(b -> b.maxFrameBytes(20));

    assertThat(failure(client)).hasMessageContaining("(expected: at most 20");
  }

  @Test
  void metadataThatDoesNotFitIsRefusedBeforeAnythingIsSent() {
    fixture.server(ClientHello.answering("a"));
    KitexClient client = fixture.client(b -> b.framing(Framing.TTHEADER));

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(
            () ->
                CallMetadata.EMPTY.withPersist("key", "x".repeat(70_000)).call(() -> echo(client)));
  }

  @Test
  void aClosedClientFailsCallsUnderWayAndLaterOnes() {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());
    KitexClient client = fixture.client();
    var underWay =
        ClientHello.of(client).callAsync(c -> c.send_echo(request("hi")), c -> c.recv_echo());
    await().until(() -> server.requests.size() == 1);

    client.close();
    client.close();

    assertThat(underWay)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withMessageContaining("the client is closed");
    assertThat(failure(client)).hasMessageContaining("the client is closed");
    await().until(() -> server.connections() == 0);
  }

  /** An address where nobody listens: its port is held until the test ends. */
  private Instance deadInstance() throws IOException {
    Socket bound = fixture.opened(new Socket());
    bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return Instance.of("127.0.0.1", bound.getLocalPort());
  }

  private static String echo(KitexClient client) throws TException {
    return ClientHello.of(client).call(c -> c.echo(request("hi"))).getMessage();
  }

  private static TTransportException failure(KitexClient client) {
    return catchThrowableOfType(TTransportException.class, () -> echo(client));
  }
}
