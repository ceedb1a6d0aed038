package io.registryetcd.kitex;

import static io.registryetcd.kitex.ClientHello.request;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.buffer.Unpooled;
import io.registryetcd.examples.api.Refused;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.kitex.wire.KitexVectors;
import io.registryetcd.kitex.wire.MalformedMessageException;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.MessageDecoder;
import io.registryetcd.kitex.wire.TTHeader;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.transport.TTransportException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client's part of the captured conversations: sends what Kitex sent, reads what it got. */
class KitexClientVectorsTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  private final FakeKitexServer server =
      fixture.opened(FakeKitexServer.start(FakeKitexServer.silent()));

  @ParameterizedTest
  @CsvSource({
    "buffered-ok, hi",
    "framed-ok, hi",
    "ttheader-ok, hi",
    "ttheaderframed-ok, hi",
    "ttheader-metainfo, back",
    "framed-declared, refuse",
    "ttheader-declared, refuse",
    "framed-oneway, hi",
    "ttheader-oneway, hi",
    "kitexpb-ok, hi",
  })
  void aRequestIsThatOfKitex(String id, String text) throws Exception {
    Message captured = message(KitexVectors.request(id).bytes());
    fixture.registry.register("Dest", server.instance()).await(Duration.ofSeconds(10));
    KitexClient client =
        fixture.opened(
            KitexClient.builder(fixture.resolver, "Dest")
                .framing(captured.framing())
                .callerName("cli")
                .callTimeout(Duration.ofMinutes(1))
                .connectTimeout(Duration.ofSeconds(20))
                .build());

    begin(captured, text, client);

    await().until(() -> !server.requests.isEmpty());
    Message sent = server.requests.get(0);
    assertThat(sent.framing()).isEqualTo(captured.framing());
    assertThat(sent.type()).isEqualTo(captured.type());
    assertThat(sent.payload()).isEqualTo(captured.payload());
    assertThat(sent.header().sequence()).isEqualTo(captured.header().sequence());
    assertThat(sent.header().strings()).isEqualTo(captured.header().strings());
    assertThat(sent.header().ints()).isEqualTo(expectedInts(captured));
  }

  private static void begin(Message captured, String text, KitexClient client) {
    CallMetadata metadata = CallMetadata.EMPTY.withFromMethod("");
    if (captured.header().strings().containsKey("RPC_TRANSIT_TK")) {
      metadata = metadata.withTransit("TK", "tv").withPersist("PK", "pv");
    }
    metadata.run(
        () -> {
          switch (captured.method()) {
            case "echo" ->
                ClientHello.of(client)
                    .callAsync(c -> c.send_echo(request(text)), c -> c.recv_echo());
            case "strict" ->
                ClientHello.of(client)
                    .callAsync(c -> c.send_strict(request(text)), c -> c.recv_strict());
            case "fire" -> ClientHello.of(client).sendAsync(c -> c.fire(request(text)));
            default ->
                EchoGrpc.newFutureStub(client.channel())
                    .echo(Request.newBuilder().setMessage(text).build());
          }
        });
  }

  /** The time limit of the capture was 3 s. Kitex leaves its connect timeout unsaid. */
  private static Map<Integer, String> expectedInts(Message captured) {
    Map<Integer, String> ints = new TreeMap<>(captured.header().ints());
    if (captured.framing().hasHeader()) {
      assertThat(ints.replace(TTHeader.RPC_TIMEOUT_MILLIS, "3000", "60000")).isTrue();
      ints.put(TTHeader.CONNECT_TIMEOUT_MILLIS, "20000");
    }
    return ints;
  }

  private static Message message(byte[] bytes) throws MalformedMessageException {
    return requireNonNull(new MessageDecoder(bytes.length).decode(Unpooled.wrappedBuffer(bytes)));
  }

  @ParameterizedTest
  @CsvSource({
    "buffered-ok, s|hi",
    "framed-ok, s|hi",
    "ttheader-ok, s|hi",
    "ttheader-min, s|hi",
    "ttheaderframed-ok, s|hi",
    "ttheader-crc32c, s|hi",
    "ttheader-isn-route, W|hi",
    "mesh-framed, s|hi",
    "mux-ok, s|hi",
  })
  void aReplyIsUnderstoodAndItsConnectionKept(String id, String text) throws TException {
    KitexClient client = connected(id);

    assertThat(echo(client)).isEqualTo(text);
    assertConnectionKept(client);
  }

  @Test
  void aReplyOfAStoppingServerIsUnderstoodAndItsConnectionDropped() throws TException {
    KitexClient client = connected("ttheader-stopping");

    assertThat(echo(client)).isEqualTo("s|hi");
    assertConnectionDropped();
  }

  @Test
  void theReplyAfterThatOfTheCallEndsTheConnection() throws TException {
    KitexClient client = connected("mixed-pipeline");

    assertThat(echo(client)).isEqualTo("s|hi");
    assertConnectionDropped();
  }

  @Test
  void aReplyWithMetadataIsToldBeforeTheCallReturns() throws Exception {
    KitexClient client = connected("ttheader-metainfo");
    List<Map<String, String>> told = new ArrayList<>();

    String text = CallMetadata.EMPTY.onReply(told::add).call(() -> echo(client));

    assertThat(text).isEqualTo("s|back");
    assertThat(told).containsExactly(Map.of("BK", "bv"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"framed-declared", "ttheader-declared"})
  void aDeclaredExceptionIsThrownAndTheConnectionKept(String id) {
    KitexClient client = connected(id);

    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> strict(client))
        .isEqualTo(new Refused(7, "refused"));
    assertConnectionKept(client);
  }

  @ParameterizedTest
  @CsvSource({
    "framed-undeclared, 6, biz error: boom",
    "ttheader-undeclared, 6, biz error: boom",
    "framed-unknown-method, 20, 'unknown service , method nosuch'",
    "ttheader-unknown-method, 1, unknown method nosuch (service Hello)",
    "ttheader-unknown-service, 20, 'unknown service Nope, method echo'",
    "bad-payload, 7, '*api.HelloEchoArgs field 1 skip type 99 error: buffer too short'",
  })
  void anExceptionIsThrownAndTheConnectionDropped(String id, int code, String text) {
    KitexClient client = connected(id);

    assertThatExceptionOfType(TApplicationException.class)
        .isThrownBy(() -> strict(client))
        .withMessage(text)
        .satisfies(e -> assertThat(e.getType()).isEqualTo(code));
    assertConnectionDropped();
  }

  @Test
  void aBizStatusIsThrownAndTheConnectionKept() {
    KitexClient client = connected("ttheader-biz");

    assertThatExceptionOfType(BizStatusException.class)
        .isThrownBy(() -> strict(client))
        .withMessage("biz")
        .satisfies(e -> assertThat(e.status()).isEqualTo(1001))
        .satisfies(e -> assertThat(e.extra()).isEqualTo(Map.of("k", "v")));
    assertConnectionKept(client);
  }

  @Test
  void aBizStatusThatKitexLosesIsAnEmptyResult() {
    KitexClient client = connected("framed-biz");

    assertThatExceptionOfType(TApplicationException.class)
        .isThrownBy(() -> strict(client))
        .satisfies(e -> assertThat(e.getType()).isEqualTo(TApplicationException.MISSING_RESULT));
    assertConnectionKept(client);
  }

  @Test
  void aReplyToAnotherCallIsRefusedAndTheConnectionDropped() {
    KitexClient client = connected("header-seq-differs");

    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(() -> echo(client))
        .withMessage(
            "Hello.echo: sequence id of the reply: 9 (expected: 1) from " + server.address())
        .satisfies(e -> assertThat(e.getType()).isEqualTo(TTransportException.CORRUPTED_DATA));
    assertConnectionDropped();
  }

  @Test
  void aReplyToAnotherMethodIsRefusedAndTheConnectionDropped() {
    KitexClient client = connected("framed-declared");

    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(() -> echo(client))
        .withMessage(
            "Hello.echo: method of the reply: strict (expected: echo) from " + server.address());
    assertConnectionDropped();
  }

  @Test
  void aReplyInAnotherProtocolIsRefusedAndTheConnectionDropped() {
    KitexClient client = connected("kitexpb-framed");

    assertThatExceptionOfType(TTransportException.class)
        .isThrownBy(() -> echo(client))
        .withMessage("Hello.echo: protocol: PROTOBUF (expected: THRIFT) from " + server.address());
    assertConnectionDropped();
  }

  @ParameterizedTest
  @ValueSource(strings = {"kitexpb-ok", "kitexpb-framed"})
  void aReplyOfKitexProtobufIsUnderstood(String id) {
    KitexClient client = connected(id);

    assertThat(echoOverGrpc(client)).isEqualTo("s|hi");
    assertConnectionKept(client);
  }

  @ParameterizedTest
  @CsvSource({
    "kitexpb-undeclared, UNKNOWN, biz error: boom (code 6",
    "kitexpb-unknown-method, UNIMPLEMENTED, 'unknown service , method Nope (code 20'",
  })
  void anExceptionOfKitexProtobufIsAStatus(String id, Status.Code code, String text) {
    KitexClient client = connected(id);

    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(() -> echoOverGrpc(client))
        .withMessage(code + ": " + text + " from Hello at " + server.address() + ")");
    assertConnectionDropped();
  }

  @Test
  void aBizStatusOfKitexProtobufIsTheCauseOfAStatus() {
    KitexClient client = connected("kitexpb-biz");

    StatusRuntimeException thrown =
        catchThrowableOfType(StatusRuntimeException.class, () -> echoOverGrpc(client));

    assertThat(thrown).hasMessage("INTERNAL: biz");
    assertThat(thrown.getCause())
        .isInstanceOfSatisfying(
            BizStatusException.class,
            status -> {
              assertThat(status.status()).isEqualTo(1001);
              assertThat(status.extra()).isEqualTo(Map.of("k", "v"));
            });
    assertConnectionKept(client);
  }

  /** A client of a server that answers as captured. Its first call has the sequence id 1. */
  private KitexClient connected(String id) {
    server.script(FakeKitexServer.replying(KitexVectors.reply(id).bytes()));
    fixture.register(server.instance());
    return fixture.client();
  }

  /** The next call, whose reply has the wrong sequence id, goes over the same connection. */
  private void assertConnectionKept(KitexClient client) {
    assertThat(catchThrowable(() -> echo(client))).hasMessageContaining("(expected: ");
    assertThat(server.requests).hasSize(2);
    assertThat(server.accepted).hasValue(1);
  }

  private void assertConnectionDropped() {
    await().until(() -> server.connections() == 0);
  }

  private static String echo(KitexClient client) throws TException {
    return ClientHello.of(client).call(c -> c.echo(request("hi"))).getMessage();
  }

  private static String strict(KitexClient client) throws TException {
    return ClientHello.of(client).call(c -> c.strict(request("hi"))).getMessage();
  }

  private static String echoOverGrpc(KitexClient client) {
    return EchoGrpc.newBlockingStub(client.channel())
        .echo(Request.newBuilder().setMessage("hi").build())
        .getMessage();
  }
}
