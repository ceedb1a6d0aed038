package io.registryetcd.kitex;

import static io.registryetcd.kitex.ClientHello.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Refused;
import io.registryetcd.examples.api.Request;
import io.registryetcd.examples.api.Response;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The generated client, sync and async, through every framing. */
class KitexThriftClientTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  private final FakeKitexServer.Script answers = ClientHello.answering("a");

  @ParameterizedTest
  @EnumSource
  void everyFramingIsSentAndEveryOtherUnderstoodInReply(Framing framing) throws TException {
    FakeKitexServer server = fixture.server(answers);
    var hello = ClientHello.of(fixture.client(b -> b.framing(framing)));

    for (Framing reply : Framing.values()) {
      server.script((request, peer) -> answers.on(framed(request, reply), peer));
      assertThat(hello.call(c -> c.echo(request("hi"))).getMessage()).isEqualTo("a|hi");
      assertThat(server.requests).last().extracting(Message::framing).isEqualTo(framing);
    }
    assertThat(server.accepted).hasValue(1);
  }

  private static Message framed(Message m, Framing framing) {
    return new Message(
        framing, m.protocol(), m.header(), m.type(), m.method(), m.sequence(), m.payload());
  }

  @Test
  void theDefaultIsFramedAsInKitex() throws TException {
    FakeKitexServer server = fixture.server(answers);

    ClientHello.of(fixture.client()).call(c -> c.echo(request("hi")));

    assertThat(server.requests.get(0).framing()).isEqualTo(Framing.FRAMED);
  }

  @Test
  void aCallMayMakeSeveralCallsEachOfItsOwn() throws TException {
    FakeKitexServer one = fixture.server(answers);
    FakeKitexServer other = fixture.server(answers);

    List<String> texts =
        ClientHello.of(fixture.client())
            .call(
                c -> {
                  c.fire(request("one"));
                  String two = c.echo(request("two")).getMessage();
                  String three = c.strict(request("three")).getMessage();
                  return List.of(two, three);
                });

    assertThat(texts).containsExactly("a|two", "a|three");
    await().until(() -> one.requests.size() + other.requests.size() == 3);
    assertThat(one.requests).isNotEmpty();
    assertThat(other.requests).isNotEmpty();
  }

  @Test
  void aReplyMustBeReceivedBeforeTheNextRequestIsSent() {
    fixture.server(answers);

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(
            () ->
                ClientHello.of(fixture.client())
                    .run(
                        c -> {
                          c.send_echo(request("one"));
                          c.send_strict(request("two"));
                        }))
        .withMessageStartingWith("strict: sent too early");
  }

  @Test
  void aRequestThatCannotBeWrittenLeavesNothingToTheNext() throws TException {
    FakeKitexServer server = fixture.server(answers);
    Request unwritable =
        new Request() {
          @Override
          public void write(TProtocol protocol) throws TException {
            throw new TProtocolException("Required field 'message' was not present!");
          }
        };

    String text =
        ClientHello.of(fixture.client())
            .call(
                c -> {
                  assertThatExceptionOfType(TProtocolException.class)
                      .isThrownBy(() -> c.echo(unwritable));
                  return c.echo(request("hi")).getMessage();
                });

    assertThat(text).isEqualTo("a|hi");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void aReplyThatIsNotReceivedIsGivenUp() throws TException {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());

    ClientHello.of(fixture.client())
        .run(
            c -> {
              c.send_echo(request("hi"));
              await().until(() -> server.requests.size() == 1);
            });

    await().until(() -> server.connections() == 0);
  }

  @Test
  void aProxyIsTheServiceForManyThreads() throws Exception {
    fixture.server(answers);
    Hello.Iface hello = ClientHello.of(fixture.client()).proxy(Hello.Iface.class);

    List<CompletableFuture<String>> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      String text = "" + i;
      calls.add(CompletableFuture.supplyAsync(() -> echo(hello, text)));
    }

    for (int i = 0; i < 50; i++) {
      assertThat(calls.get(i).get()).isEqualTo("a|" + i);
    }
    assertThatExceptionOfType(Refused.class).isThrownBy(() -> hello.strict(request("refuse")));
    hello.fire(request("hi"));
  }

  private static String echo(Hello.Iface hello, String text) {
    try {
      return hello.echo(request(text)).getMessage();
    } catch (TException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aProxyIsAnObjectToo() {
    var thrift = ClientHello.of(fixture.client());
    Hello.Iface hello = thrift.proxy(Hello.Iface.class);

    assertThat(Set.of(hello, thrift.proxy(Hello.Iface.class))).hasSize(2).contains(hello);
    assertThat(hello).hasToString("Hello at Hello");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> thrift.proxy(Runnable.class))
        .withMessageStartingWith("type: java.lang.Runnable (expected: an interface of ");
  }

  @Test
  void anAsynchronousCallBlocksNobody() throws Exception {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());
    List<Runnable> executed = new CopyOnWriteArrayList<>();
    KitexClient client = fixture.client(b -> b.executor(executed::add));

    CompletableFuture<Response> call =
        ClientHello.of(client).callAsync(c -> c.send_echo(request("hi")), c -> c.recv_echo());
    await().until(() -> server.requests.size() == 1);
    assertThat(executed).isEmpty();
    answers.on(server.requests.get(0), server.peers().get(0));
    await().until(() -> executed.size() == 1);
    assertThat(call).isNotDone();
    executed.get(0).run();

    assertThat(call.get().getMessage()).isEqualTo("a|hi");
  }

  @Test
  void anAsynchronousCallFailsAsASynchronousOneDoes() {
    fixture.server(answers);
    var hello = ClientHello.of(fixture.client());

    assertThat(hello.callAsync(c -> c.send_strict(request("refuse")), c -> c.recv_strict()))
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableOfType(ExecutionException.class)
        .withCauseExactlyInstanceOf(Refused.class);
    assertThat(hello.callAsync(c -> {}, c -> c.recv_strict()))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("request: none (expected: one to be sent before)");
  }

  @Test
  void anAsynchronousCallFailsIfItsExecutorRefuses() {
    fixture.server(answers);
    KitexClient client =
        fixture.client(
            b ->
                b.executor(
                    task -> {
                      throw new RejectedExecutionException("full");
                    }));

    assertThat(
            ClientHello.of(client).callAsync(c -> c.send_echo(request("hi")), c -> c.recv_echo()))
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withRootCauseInstanceOf(RejectedExecutionException.class);
  }

  @Test
  void aCancelledCallEndsItsConnection() {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());
    var call =
        ClientHello.of(fixture.client())
            .callAsync(c -> c.send_echo(request("hi")), c -> c.recv_echo());
    await().until(() -> server.requests.size() == 1);

    call.cancel(true);

    await().until(() -> server.connections() == 0);
  }

  @Test
  void anAsynchronousOnewayCallIsDoneWhenItIsWritten() {
    FakeKitexServer server = fixture.server(answers);
    var hello = ClientHello.of(fixture.client());

    assertThat(hello.sendAsync(c -> c.fire(request("hi")))).succeedsWithin(Duration.ofSeconds(10));
    await().until(() -> server.requests.size() == 1);
    assertThat(hello.sendAsync(c -> c.send_echo(request("hi"))))
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withMessageContaining("echo: has a reply (expected: a oneway method)");
  }

  @Test
  void metadataGoesInTheHeader() throws Exception {
    FakeKitexServer server = fixture.server(answers);
    var hello =
        ClientHello.of(
            fixture.client(
                b -> b.framing(Framing.TTHEADER_FRAMED).idlService("Other").callerName("cli")));

    CallMetadata.EMPTY
        .withTransit("tk", "tv")
        .withPersist("pk", "pv")
        .withLogId("log-1")
        .withFromMethod("greet")
        .call(() -> hello.call(c -> c.echo(request("hi"))));

    TTHeader header = server.requests.get(0).header();
    assertThat(header.strings())
        .isEqualTo(Map.of("isn", "Other", "RPC_TRANSIT_tk", "tv", "RPC_PERSIST_pk", "pv"));
    assertThat(header.ints())
        .isEqualTo(
            Map.of(
                TTHeader.TRANSPORT_TYPE, "framed",
                TTHeader.LOG_ID, "log-1",
                TTHeader.FROM_SERVICE, "cli",
                TTHeader.TO_SERVICE, "Hello",
                TTHeader.TO_METHOD, "echo",
                TTHeader.RPC_TIMEOUT_MILLIS, "10000",
                TTHeader.CONNECT_TIMEOUT_MILLIS, "20000",
                TTHeader.FROM_METHOD, "greet",
                TTHeader.MESSAGE_TYPE, "1"));
  }

  @Test
  void withoutATimeLimitTheServerIsToldNone() throws Exception {
    FakeKitexServer server = fixture.server(answers);
    KitexClient client =
        fixture.client(b -> b.framing(Framing.TTHEADER).callTimeout(Duration.ZERO));

    ClientHello.of(client).call(c -> c.echo(request("hi")));

    assertThat(server.requests.get(0).header().ints())
        .doesNotContainKey(TTHeader.RPC_TIMEOUT_MILLIS);
  }

  @Test
  void aLargeReplyArrives() throws TException {
    fixture.server(answers);
    String text = "x".repeat(8 * 1024 * 1024);

    assertThat(
            ClientHello.of(fixture.client()).call(c -> c.echo(request(text))).getMessage().length())
        .isEqualTo("a|".length() + text.length());
  }
}
