package io.registryetcd.kitex;

import static io.registryetcd.kitex.ClientHello.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration;
import io.registryetcd.examples.api.Response;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.thrift.TException;
import org.apache.thrift.transport.TTransportException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Connections: how many there are, how long they live, and when they end. */
class KitexClientPoolTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  private final FakeKitexServer.Script answers = ClientHello.answering("a");

  @Test
  void callsOneAfterTheOtherShareAConnection() throws Exception {
    FakeKitexServer server = fixture.server(answers);
    KitexClient client = fixture.client();

    for (int i = 0; i < 20; i++) {
      echo(client);
    }

    assertThat(server.accepted).hasValue(1);
  }

  @Test
  void callsAtOnceHaveAConnectionEachAndTenStayIdle() {
    Held held = new Held();
    FakeKitexServer server = fixture.server(held);
    KitexClient client = fixture.client();

    List<CompletableFuture<Response>> calls = begin(client, 20);
    await().until(() -> held.size() == 20);
    assertThat(server.connections()).isEqualTo(20);
    held.answer();

    assertThat(calls).allSatisfy(call -> assertThat(call).succeedsWithin(Duration.ofSeconds(10)));
    await().until(() -> server.connections() == 10);
  }

  @Test
  void asManyConnectionsStayIdleAsWanted() throws Exception {
    FakeKitexServer server = fixture.server(answers);
    KitexClient client = fixture.client(b -> b.maxIdleConnections(0));

    echo(client);
    await().until(() -> server.connections() == 0);
    echo(client);

    assertThat(server.accepted).hasValue(2);
  }

  @Test
  void idleConnectionsEndAfterAWhile() throws Exception {
    FakeKitexServer server = fixture.server(answers);
    KitexClient client = fixture.client(b -> b.maxIdleTime(Duration.ofMillis(200)));

    echo(client);
    await().until(() -> server.connections() == 0);

    assertThat(echo(client)).isEqualTo("a|hi");
  }

  @Test
  void whenAllConnectionsToAnInstanceAreInUseAnotherInstanceIsCalled() throws Exception {
    FakeKitexServer busy = fixture.server(FakeKitexServer.silent());
    KitexClient client = fixture.client(b -> b.maxConnections(1));
    begin(client, 1);
    await().until(() -> busy.requests.size() == 1);

    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(() -> echo(client))
        .withMessageContaining(busy.address() + " (all 1 connections are in use (maxConnections))");

    FakeKitexServer free = fixture.server(answers);
    await().ignoreExceptions().until(() -> echo(client).equals("a|hi"));
    for (int i = 0; i < 4; i++) {
      assertThat(echo(client)).isEqualTo("a|hi");
    }
    assertThat(busy.requests).hasSize(1);
    assertThat(free.accepted).hasValue(1);
  }

  @Test
  void aOnewayCallIsWrittenAndItsConnectionClosed() throws Exception {
    FakeKitexServer server = fixture.server(answers);
    KitexClient client = fixture.client();

    ClientHello.of(client).run(c -> c.fire(request("hi")));

    await().until(() -> server.requests.size() == 1);
    assertThat(server.requests.get(0).type()).isEqualTo(Message.Type.ONEWAY);
    await().until(() -> server.connections() == 0);
  }

  @Test
  void aLostConnectionTakesTheIdleOnesOfItsInstanceWithIt() {
    Held held = new Held();
    FakeKitexServer server = fixture.server(held);
    KitexClient client = fixture.client();
    List<CompletableFuture<Response>> calls = begin(client, 3);
    await().until(() -> held.size() == 3);
    held.answer();
    assertThat(calls).allSatisfy(call -> assertThat(call).succeedsWithin(Duration.ofSeconds(10)));
    assertThat(server.connections()).isEqualTo(3);

    server.script((request, peer) -> peer.close());

    assertThatExceptionOfType(TTransportException.class).isThrownBy(() -> echo(client));
    await().until(() -> server.connections() == 0);
  }

  @Test
  void theIdleConnectionsOfARemovedInstanceEndAtOnceAndThoseInUseAfterTheirCall() throws Exception {
    Held held = new Held();
    FakeKitexServer server = fixture.opened(FakeKitexServer.start(held));
    Registration registration = fixture.register(server.instance());
    KitexClient client = fixture.client();
    List<CompletableFuture<Response>> first = begin(client, 3);
    await().until(() -> held.size() == 3);
    held.answer();
    assertThat(first).allSatisfy(call -> assertThat(call).succeedsWithin(Duration.ofSeconds(10)));
    List<CompletableFuture<Response>> underWay = begin(client, 1);
    await().until(() -> held.size() == 1);
    assertThat(server.connections()).isEqualTo(3);

    registration.close();

    await().until(() -> server.connections() == 1);
    assertThat(underWay.get(0)).isNotDone();
    held.answer();
    assertThat(underWay.get(0)).succeedsWithin(Duration.ofSeconds(10));
    await().until(() -> server.connections() == 0);
  }

  @Test
  void anInstanceWhoseWeightChangesKeepsItsConnections() throws Exception {
    FakeKitexServer server = fixture.opened(FakeKitexServer.start(answers));
    Registration registration = fixture.register(server.instance());
    KitexClient client = fixture.client();
    echo(client);

    registration.update(30, Map.of("zone", "b"));
    await().until(() -> fixture.resolver.resolve("Hello").instances().get(0).weight() == 30);
    echo(client);

    assertThat(server.accepted).hasValue(1);
  }

  @Test
  void instancesThatAreHeldThoughTheirKeysAreGoneKeepTheirConnections() throws Exception {
    List<FakeKitexServer> servers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      FakeKitexServer server = fixture.opened(FakeKitexServer.start(answers));
      servers.add(server);
      String value = "{'network':'tcp','address':'" + server.address() + "','weight':10}";
      ETCD.etcd()
          .etcdctl(
              "put", "kitex/registry-etcd/Hello/" + server.address(), value.replace('\'', '"'));
    }
    KitexClient client = fixture.client();
    await().until(() -> echo(client).equals("a|hi") && servers.get(1).accepted.get() == 1);

    ETCD.etcd().etcdctl("del", "--prefix", "kitex/");
    await().until(() -> fixture.resolver.resolve("Hello").unconfirmed().size() == 2);
    for (int i = 0; i < 4; i++) {
      echo(client);
    }

    assertThat(servers).allSatisfy(server -> assertThat(server.accepted).hasValue(1));
  }

  @Test
  void aThousandCallsAtOnceNeedNoThreadEach() {
    FakeKitexServer server = fixture.server(answers);
    KitexClient client =
        fixture.client(b -> b.maxIdleConnections(1000).callTimeout(Duration.ofMinutes(1)));

    List<CompletableFuture<Response>> calls = begin(client, 1000);

    assertThat(calls).allSatisfy(call -> assertThat(call).succeedsWithin(Duration.ofSeconds(30)));
    assertThat(server.requests).hasSize(1000);
    int processors = Runtime.getRuntime().availableProcessors();
    // those of a client that was just closed may still end
    await().until(() -> threads("registry-etcd-kitex-io").size() <= processors);
    assertThat(threads("registry-etcd-kitex-callback"))
        .hasSizeLessThanOrEqualTo(Math.max(4, 2 * processors));
  }

  @Test
  void aClosedClientLeavesNoConnectionAndNoThread() throws Exception {
    FakeKitexServer server = fixture.server(answers);
    List<KitexClient> clients = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      KitexClient client = fixture.client();
      clients.add(client);
      begin(client, 5).forEach(CompletableFuture::join);
    }

    clients.forEach(KitexClient::close);

    await().until(() -> server.connections() == 0);
    for (String kind : List.of("io", "list", "lookup", "pick", "callback")) {
      await().until(() -> threads("registry-etcd-kitex-" + kind).isEmpty());
    }
    await().until(() -> threads("commons-pool").isEmpty());
  }

  private static Set<Thread> threads(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(prefix))
        .collect(Collectors.toSet());
  }

  private static List<CompletableFuture<Response>> begin(KitexClient client, int calls) {
    List<CompletableFuture<Response>> begun = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      begun.add(
          ClientHello.of(client).callAsync(c -> c.send_echo(request("hi")), c -> c.recv_echo()));
    }
    return begun;
  }

  private static String echo(KitexClient client) throws TException {
    return ClientHello.of(client).call(c -> c.echo(request("hi"))).getMessage();
  }

  /** Answers when it is told to. */
  private final class Held implements FakeKitexServer.Script {

    private final List<Runnable> unanswered = new ArrayList<>();

    @Override
    public synchronized void on(Message request, FakeKitexServer.Peer peer) {
      unanswered.add(() -> answers.on(request, peer));
    }

    synchronized int size() {
      return unanswered.size();
    }

    synchronized void answer() {
      unanswered.forEach(Runnable::run);
      unanswered.clear();
    }
  }
}
