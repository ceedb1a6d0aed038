package io.registryetcd.interop;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.Futures;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Refused;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.examples.pbapi.Response;
import io.registryetcd.grpc.EtcdGrpc;
import io.registryetcd.kitex.BizStatusException;
import io.registryetcd.kitex.CallMetadata;
import io.registryetcd.kitex.Framing;
import io.registryetcd.kitex.KitexClient;
import io.registryetcd.kitex.KitexThriftClient;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.TServiceClientFactory;
import org.apache.thrift.protocol.TProtocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is not a plain answer: Java clients at a Go server. */
@ExtendWith(RequiresGo.class)
class JavaClientErrorsTest {

  private static final String LARGE = "x".repeat(8 * 1024 * 1024);
  private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

  private static TestEtcd etcd;
  private static Peers peers;
  private static EtcdResolver resolver;

  @BeforeAll
  static void startServer() {
    etcd = TestEtcd.start();
    peers = new Peers(etcd);
    peers.server(Side.GO, "framed", "Hello", "go").awaitReady();
    resolver =
        EtcdResolver.create(
            EtcdConfig.builder()
                .endpoints(etcd.endpoint())
                .resolveTimeout(Duration.ofSeconds(15))
                .build());
  }

  @AfterAll
  static void endServer() {
    resolver.close();
    peers.close();
    etcd.close();
  }

  private static KitexClient client(Framing framing) {
    return settings(framing).build();
  }

  private static KitexClient.Builder settings(Framing framing) {
    return KitexClient.builder(resolver, "Hello")
        .framing(framing)
        .callerName("java-client")
        .callTimeout(Duration.ofSeconds(30))
        .connectTimeout(Duration.ofSeconds(10));
  }

  private static KitexThriftClient<Hello.Client> thrift(KitexClient client) {
    return KitexThriftClient.of(client, new Hello.Client.Factory());
  }

  private static io.registryetcd.examples.api.Request request(String message) {
    return new io.registryetcd.examples.api.Request().setMessage(message);
  }

  private static Request protobuf(String message) {
    return Request.newBuilder().setMessage(message).build();
  }

  @DisplayName("K11 declared exception: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource
  void declaredException(Framing framing) {
    try (KitexClient client = client(framing)) {
      Hello.Iface hello = thrift(client).proxy(Hello.Iface.class);
      assertThatThrownBy(() -> hello.strict(request("refuse")))
          .isEqualTo(new Refused(7, "refused"));
    }
  }

  @DisplayName("K11 undeclared: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource
  void undeclaredException(Framing framing) {
    try (KitexClient client = client(framing)) {
      Hello.Iface hello = thrift(client).proxy(Hello.Iface.class);
      assertThatThrownBy(() -> hello.strict(request("boom")))
          .isInstanceOfSatisfying(
              TApplicationException.class,
              e -> assertThat(e.getType()).isEqualTo(TApplicationException.INTERNAL_ERROR))
          .hasMessageContaining("biz error: boom");
    }
  }

  @DisplayName("K11 biz status: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource(names = {"TTHEADER", "TTHEADER_FRAMED"})
  void bizStatus(Framing framing) {
    try (KitexClient client = client(framing)) {
      Hello.Iface hello = thrift(client).proxy(Hello.Iface.class);
      assertThatThrownBy(() -> hello.strict(request("biz")))
          .isInstanceOfSatisfying(BizStatusException.class, JavaClientErrorsTest::isBizStatus);
    }
  }

  private static void isBizStatus(BizStatusException e) {
    assertThat(e.status()).isEqualTo(1001);
    assertThat(e).hasMessage("biz");
    assertThat(e.extra()).isEqualTo(Map.of("k", "v"));
  }

  /** Kitex answers with neither a result nor an error: to generated code, a result is missing. */
  @DisplayName("K11 biz status that Kitex loses: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource(names = {"BUFFERED", "FRAMED"})
  void bizStatusIsLostWithoutHeader(Framing framing) {
    try (KitexClient client = client(framing)) {
      Hello.Iface hello = thrift(client).proxy(Hello.Iface.class);
      assertThatThrownBy(() -> hello.strict(request("biz")))
          .isInstanceOfSatisfying(
              TApplicationException.class,
              e -> assertThat(e.getType()).isEqualTo(TApplicationException.MISSING_RESULT));
    }
  }

  /** A generated client that knows a method more than the server. */
  private static final class NoSuchMethod extends Hello.Client {

    NoSuchMethod(TProtocol protocol) {
      super(protocol);
    }

    void call() throws TException {
      sendBase("nosuch", new Hello.echo_args());
      receiveBase(new Hello.echo_result(), "nosuch");
    }

    /** Its factory. */
    static final class Factory implements TServiceClientFactory<NoSuchMethod> {
      @Override
      public NoSuchMethod getClient(TProtocol protocol) {
        return new NoSuchMethod(protocol);
      }

      @Override
      public NoSuchMethod getClient(TProtocol in, TProtocol out) {
        return getClient(in);
      }
    }
  }

  @DisplayName("K11 unknown method: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource
  void unknownMethod(Framing framing) {
    unknown(framing, "Hello", framing.hasHeader() ? TApplicationException.UNKNOWN_METHOD : 20);
  }

  @DisplayName("K11 unknown service: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource(names = {"TTHEADER", "TTHEADER_FRAMED"})
  void unknownService(Framing framing) {
    unknown(framing, "Nope", 20);
  }

  private static void unknown(Framing framing, String idlService, int code) {
    try (KitexClient client = settings(framing).idlService(idlService).build()) {
      KitexThriftClient<NoSuchMethod> calls =
          KitexThriftClient.of(client, new NoSuchMethod.Factory());
      assertThatThrownBy(() -> calls.run(NoSuchMethod::call))
          .isInstanceOfSatisfying(
              TApplicationException.class, e -> assertThat(e.getType()).isEqualTo(code))
          .hasMessageContaining("nosuch");
      assertThat(answer(thrift(client), "still works")).isEqualTo("go|still works");
    }
  }

  private static String answer(KitexThriftClient<Hello.Client> hello, String message) {
    try {
      return hello.call(client -> client.echo(request(message))).getMessage();
    } catch (TException e) {
      throw new AssertionError(e);
    }
  }

  @DisplayName("K11 oneway: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource
  void onewayCallsRun(Framing framing) throws TException {
    try (KitexClient client = client(framing)) {
      KitexThriftClient<Hello.Client> hello = thrift(client);
      int before = fired(hello);
      for (int i = 0; i < 10; i++) {
        hello.run(c -> c.fire(request("x")));
      }
      await().until(() -> fired(hello) == before + 10);
    }
  }

  private static int fired(KitexThriftClient<Hello.Client> hello) {
    return Integer.parseInt(answer(hello, "fired").substring("go|".length()));
  }

  @DisplayName("K11 8 MiB payload: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource
  void largePayload(Framing framing) {
    try (KitexClient client = client(framing)) {
      assertThat(answer(thrift(client), LARGE)).hasSize(LARGE.length() + 3);
    }
  }

  @DisplayName("K11 1,000 concurrent calls: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource
  void manyConcurrentCalls(Framing framing) {
    try (KitexClient client = client(framing)) {
      KitexThriftClient<Hello.Client> hello = thrift(client);
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        answers.add(
            hello
                .callAsync(c -> c.send_echo(request("sleep:200")), Hello.Client::recv_echo)
                .thenApply(io.registryetcd.examples.api.Response::getMessage));
      }
      assertThat(answers).allMatch(answer -> answer.join().equals("go|sleep:200"));
    }
  }

  @DisplayName("K11 metadata both ways: Java client")
  @ParameterizedTest(name = "{0}")
  @EnumSource(names = {"TTHEADER", "TTHEADER_FRAMED"})
  void metadataBothWays(Framing framing) {
    try (KitexClient client = client(framing)) {
      Map<String, String> back = new ConcurrentHashMap<>();
      AtomicReference<String> answer = new AtomicReference<>();
      metadata(back).run(() -> answer.set(answer(thrift(client), "meta")));
      assertThat(answer).hasValue(META);
      assertThat(back).containsEntry("BK", "bv");
    }
  }

  private static final String META =
      "go|caller=java-client,caller-method=,persist:PK=pv,transit:TK=tv";

  private static CallMetadata metadata(Map<String, String> back) {
    return CallMetadata.EMPTY.withPersist("PK", "pv").withTransit("TK", "tv").onReply(back::putAll);
  }

  @DisplayName("K11 Kitex-Protobuf: Java client")
  @Test
  void kitexProtobuf() {
    try (KitexClient client = client(Framing.TTHEADER_FRAMED)) {
      EchoGrpc.EchoBlockingStub echo = EchoGrpc.newBlockingStub(client.channel());
      assertThatThrownBy(() -> echo.echo(protobuf("boom")))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("biz error: boom");
      assertThatThrownBy(() -> echo.echo(protobuf("biz")))
          .cause()
          .isInstanceOfSatisfying(BizStatusException.class, JavaClientErrorsTest::isBizStatus);
      assertThatThrownBy(() -> unknown(client.channel(), "pbapi.Echo/nosuch"))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class, JavaClientErrorsTest::isUnimplemented);
      assertThatThrownBy(() -> unknown(client.channel(), "pbapi.Nope/nosuch"))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class, JavaClientErrorsTest::isUnimplemented);
      assertThat(echo.echo(protobuf(LARGE)).getMessage()).hasSize(LARGE.length() + 3);
      Map<String, String> back = new ConcurrentHashMap<>();
      metadata(back)
          .run(() -> assertThat(echo.echo(protobuf("meta")).getMessage()).isEqualTo(META));
      assertThat(back).containsEntry("BK", "bv");
      manyConcurrentCalls(EchoGrpc.newFutureStub(client.channel()));
    }
  }

  private static void isUnimplemented(StatusRuntimeException e) {
    assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
  }

  private static Response unknown(Channel channel, String method) {
    MethodDescriptor<Request, Response> nosuch =
        EchoGrpc.getEchoMethod().toBuilder().setFullMethodName(method).build();
    return ClientCalls.blockingUnaryCall(channel, nosuch, CallOptions.DEFAULT, protobuf("hi"));
  }

  private static void manyConcurrentCalls(EchoGrpc.EchoFutureStub echo) {
    assertThat(Stream.generate(() -> echo.echo(protobuf("sleep:200"))).limit(1000).toList())
        .allMatch(
            answer ->
                requireNonNull(Futures.getUnchecked(answer)).getMessage().equals("go|sleep:200"));
  }

  @DisplayName("K11 gRPC: Java client")
  @Test
  void grpc() {
    ManagedChannel channel =
        Grpc.newChannelBuilder("etcd:///Hello", InsecureChannelCredentials.create())
            .setNameResolverArg(EtcdGrpc.RESOLVER, resolver)
            .decompressorRegistry(
                DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, false))
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .build();
    try {
      EchoGrpc.EchoBlockingStub echo = EchoGrpc.newBlockingStub(channel);
      assertThatThrownBy(() -> echo.echo(protobuf("boom")))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessage("INTERNAL: boom [biz error]");
      assertThatThrownBy(() -> echo.echo(protobuf("biz")))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
                assertThat(e.getTrailers().get(key("biz-status"))).isEqualTo("1001");
                assertThat(e.getTrailers().get(key("biz-extra"))).isEqualTo("{\"k\":\"v\"}");
              });
      // Kitex answers with statuses 1 and 20, of which gRPC knows only the first
      assertThatThrownBy(() -> unknown(channel, "pbapi.Echo/nosuch"))
          .hasMessageStartingWith("CANCELLED")
          .hasMessageContaining("nosuch");
      assertThatThrownBy(() -> unknown(channel, "pbapi.Nope/Echo"))
          .hasMessageStartingWith("UNKNOWN");
      assertThat(echo.echo(protobuf(LARGE)).getMessage()).hasSize(LARGE.length() + 3);
      assertThat(metadataOverGrpc(channel)).isEqualTo(META.toLowerCase(Locale.ROOT));
      manyConcurrentCalls(EchoGrpc.newFutureStub(channel));
    } finally {
      channel.shutdownNow();
    }
  }

  private static String metadataOverGrpc(Channel channel) {
    Metadata headers = new Metadata();
    headers.put(key("source-service"), "java-client");
    headers.put(key("rpc-persist-pk"), "pv");
    headers.put(key("rpc-transit-tk"), "tv");
    AtomicReference<Metadata> replyHeaders = new AtomicReference<>(new Metadata());
    AtomicReference<Metadata> trailers = new AtomicReference<>(new Metadata());
    Channel withMetadata =
        ClientInterceptors.intercept(
            channel,
            MetadataUtils.newAttachHeadersInterceptor(headers),
            MetadataUtils.newCaptureMetadataInterceptor(replyHeaders, trailers));
    String answer = EchoGrpc.newBlockingStub(withMetadata).echo(protobuf("meta")).getMessage();
    assertThat(requireNonNull(trailers.get()).get(key("bk"))).isEqualTo("bv");
    return answer.toLowerCase(Locale.ROOT);
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
