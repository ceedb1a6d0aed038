package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.examples.pbapi.Response;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Generated gRPC stubs over Kitex-Protobuf. */
class KitexChannelTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();
  @RegisterExtension final ClientFixture fixture = new ClientFixture(ETCD);

  private static final FakeKitexServer.Script ANSWERS =
      (request, peer) -> peer.send(request.reply(answer(request)));

  private static byte[] answer(Message request) {
    try {
      String text = Request.parseFrom(request.payload()).getMessage();
      return Response.newBuilder().setMessage("a:" + text).build().toByteArray();
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void stubsOfAllKindsWorkUnchanged() throws Exception {
    FakeKitexServer server = fixture.server(ANSWERS);
    Channel channel = fixture.client().channel();

    assertThat(EchoGrpc.newBlockingStub(channel).echo(request("b")).getMessage()).isEqualTo("a:b");
    assertThat(EchoGrpc.newFutureStub(channel).echo(request("f")).get().getMessage())
        .isEqualTo("a:f");
    var observer = new RecordingObserver();
    EchoGrpc.newStub(channel).echo(request("s"), observer);
    assertThat(observer.completed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo("a:s");
    assertThat(server.accepted).hasValue(1);
  }

  @Test
  void serviceAndMethodAreThoseOfKitex() {
    FakeKitexServer server = fixture.server(ANSWERS);

    EchoGrpc.newBlockingStub(fixture.client().channel()).echo(request("hi"));

    Message sent = server.requests.get(0);
    assertThat(sent.protocol()).isEqualTo(Message.Protocol.PROTOBUF);
    assertThat(sent.framing()).isEqualTo(Framing.TTHEADER_FRAMED);
    assertThat(sent.method()).isEqualTo("Echo");
    assertThat(sent.header().strings()).containsEntry(TTHeader.IDL_SERVICE, "Echo");
    assertThat(sent.header().ints()).containsEntry(TTHeader.TO_SERVICE, "Hello");
  }

  @ParameterizedTest
  @EnumSource(names = {"FRAMED", "TTHEADER_FRAMED"})
  void bothFramingsOfKitexProtobufWork(Framing framing) {
    FakeKitexServer server = fixture.server(ANSWERS);

    echo(fixture.client(b -> b.framing(framing)));

    assertThat(server.requests.get(0).framing()).isEqualTo(framing);
  }

  @ParameterizedTest
  @EnumSource(names = {"BUFFERED", "TTHEADER"})
  void theFramingsOfThriftAloneAreRefused(Framing framing) {
    KitexClient client = fixture.client(b -> b.framing(framing));

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(client::channel)
        .withMessage(
            "framing: " + framing + " (expected: FRAMED or TTHEADER_FRAMED for Kitex-Protobuf)");
  }

  @Test
  void metadataGoesBothWays() {
    FakeKitexServer server =
        fixture.server(
            (request, peer) ->
                peer.send(
                    request
                        .reply(answer(request))
                        .withStrings(Map.of("back", "ward", "rip", "10.0.0.5"))));
    List<Map<String, String>> told = new ArrayList<>();

    CallMetadata.EMPTY.withTransit("tk", "tv").onReply(told::add).run(() -> echo(fixture.client()));

    assertThat(server.requests.get(0).header().strings()).containsEntry("RPC_TRANSIT_tk", "tv");
    assertThat(told).containsExactly(Map.of("back", "ward"));
  }

  @ParameterizedTest
  @CsvSource({"1, UNIMPLEMENTED", "20, UNIMPLEMENTED", "7, INTERNAL", "6, UNKNOWN", "0, UNKNOWN"})
  void anExceptionIsAStatus(int code, Status.Code status) {
    FakeKitexServer server =
        fixture.server(
            (request, peer) ->
                peer.send(
                    ApplicationError.exception(request, new ApplicationError(code, "no way"))));

    assertFails(fixture.client(), status, "no way (code " + code + " from Hello at ");
    await().until(() -> server.connections() == 0);
  }

  @Test
  void aReplyThatIsNoMessageOfTheMethodIsInternal() {
    fixture.server((request, peer) -> peer.send(request.reply(new byte[] {1})));

    assertFails(fixture.client(), Status.Code.INTERNAL, "Invalid protobuf byte sequence");
  }

  @Test
  void withoutAnInstanceTheStatusIsUnavailable() {
    assertFails(fixture.client(), Status.Code.UNAVAILABLE, "no instance of Hello under");
  }

  @Test
  void aLostConnectionIsUnavailable() {
    fixture.server((request, peer) -> peer.close());

    assertFails(fixture.client(), Status.Code.UNAVAILABLE, "so the call may have run");
  }

  @Test
  void theDeadlineOfAStubReplacesTheTimeLimit() {
    FakeKitexServer server = fixture.server(ANSWERS);
    KitexClient client = fixture.client();
    echo(client); // so that only the reply is missing
    server.script(FakeKitexServer.silent());
    var stub = EchoGrpc.newBlockingStub(client.channel());

    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(() -> stub.withDeadlineAfter(2, TimeUnit.SECONDS).echo(request("hi")))
        .satisfies(
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED))
        .withMessageContaining("waited for the reply of " + server.address());
    await().until(() -> server.connections() == 0);
    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(() -> stub.withDeadlineAfter(-1, TimeUnit.SECONDS).echo(request("hi")))
        .withMessageContaining("not sent, the deadline was over before");
    assertThat(server.requests).hasSize(2);
  }

  @Test
  void theTimeLimitHoldsWithoutADeadline() {
    fixture.server(FakeKitexServer.silent());

    assertFails(
        fixture.client(b -> b.callTimeout(Duration.ofMillis(100))),
        Status.Code.DEADLINE_EXCEEDED,
        "no reply within PT0.1S");
  }

  @Test
  void aCancelledCallEndsItsConnection() {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());
    ListenableFuture<Response> call =
        EchoGrpc.newFutureStub(fixture.client().channel()).echo(request("hi"));
    await().until(() -> server.requests.size() == 1);

    call.cancel(true);

    await().until(() -> server.connections() == 0);
  }

  @Test
  void aCancelledContextCancelsItsCalls() {
    FakeKitexServer server = fixture.server(FakeKitexServer.silent());
    Context.CancellableContext context = Context.current().withCancellation();
    var observer = new RecordingObserver();
    context.run(() -> EchoGrpc.newStub(fixture.client().channel()).echo(request("hi"), observer));
    await().until(() -> server.requests.size() == 1);

    context.cancel(null);

    assertThat(observer.completed)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("CANCELLED");
    await().until(() -> server.connections() == 0);
  }

  @Test
  void listenersRunOnTheExecutorOfTheStub() {
    fixture.server(ANSWERS);
    var threads = new AtomicReference<String>("");
    var observer = new RecordingObserver();

    EchoGrpc.newStub(fixture.client().channel())
        .withExecutor(task -> new Thread(task, "mine").start())
        .echo(
            request("hi"),
            new StreamObserver<>() {
              @Override
              public void onNext(Response response) {
                threads.set(Thread.currentThread().getName());
                observer.onNext(response);
              }

              @Override
              public void onError(Throwable failure) {
                observer.onError(failure);
              }

              @Override
              public void onCompleted() {
                observer.onCompleted();
              }
            });

    assertThat(observer.completed).succeedsWithin(Duration.ofSeconds(10));
    assertThat(threads).hasValue("mine");
  }

  @Test
  void aReplyThatTheExecutorRefusesIsInternal() {
    FakeKitexServer server = fixture.server(ANSWERS);
    KitexClient client = fixture.client();

    RecordingObserver observer = echoWithFullExecutor(client);

    assertThat(observer.completed)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("INTERNAL: pbapi.Echo/Echo: the executor refused the reply")
        .withRootCauseInstanceOf(RejectedExecutionException.class);
    assertThat(echo(client)).isEqualTo("a:hi");
    assertThat(server.accepted).hasValue(1);
  }

  @Test
  void aFailureThatTheExecutorRefusesIsToldAllTheSame() {
    assertThat(echoWithFullExecutor(fixture.client()).completed)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("UNAVAILABLE: Hello.Echo: no instance of Hello under");
  }

  private static RecordingObserver echoWithFullExecutor(KitexClient client) {
    var observer = new RecordingObserver();
    EchoGrpc.newStub(client.channel())
        .withExecutor(
            task -> {
              throw new RejectedExecutionException("full");
            })
        .echo(request("hi"), observer);
    return observer;
  }

  @Test
  void interceptorsWork() {
    fixture.server(ANSWERS);
    List<String> seen = new ArrayList<>();
    ClientInterceptor interceptor =
        new ClientInterceptor() {
          @Override
          public <Q, P> ClientCall<Q, P> interceptCall(
              MethodDescriptor<Q, P> method, CallOptions options, Channel next) {
            seen.add(method.getFullMethodName());
            return next.newCall(method, options);
          }
        };
    Channel channel = ClientInterceptors.intercept(fixture.client().channel(), interceptor);

    EchoGrpc.newBlockingStub(channel).echo(request("hi"));

    assertThat(seen).containsExactly("pbapi.Echo/Echo");
    assertThat(channel.authority()).isEqualTo("Hello");
  }

  @Test
  void anErrorInAListenerFailsTheCall() {
    fixture.server(ANSWERS);
    ClientInterceptor broken =
        new ClientInterceptor() {
          @Override
          public <Q, P> ClientCall<Q, P> interceptCall(
              MethodDescriptor<Q, P> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
              @Override
              public void start(Listener<P> listener, Metadata headers) {
                super.start(new BrokenListener<>(listener), headers);
              }
            };
          }
        };
    var stub = EchoGrpc.newFutureStub(fixture.client().channel()).withInterceptors(broken);

    assertThat((Future<Response>) stub.echo(request("hi")))
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableOfType(ExecutionException.class)
        .withRootCauseInstanceOf(NoClassDefFoundError.class);
  }

  private static final class BrokenListener<P> extends SimpleForwardingClientCallListener<P> {

    BrokenListener(ClientCall.Listener<P> listener) {
      super(listener);
    }

    @Override
    public void onMessage(P message) {
      throw new NoClassDefFoundError("Gone");
    }
  }

  @Test
  void listenersRunInTheContextOfTheCall() {
    fixture.server(ANSWERS);
    Context.Key<String> user = Context.key("user");
    List<String> seen = new CopyOnWriteArrayList<>();
    var observer =
        new RecordingObserver() {
          @Override
          public void onNext(Response response) {
            seen.add("next " + user.get());
            super.onNext(response);
          }

          @Override
          public void onCompleted() {
            seen.add("completed " + user.get());
            super.onCompleted();
          }
        };

    Context.current()
        .withValue(user, "me")
        .run(() -> EchoGrpc.newStub(fixture.client().channel()).echo(request("hi"), observer));

    assertThat(observer.completed).succeedsWithin(Duration.ofSeconds(10));
    assertThat(seen).containsExactly("next me", "completed me");
  }

  @Test
  void streamsAreUnimplemented() {
    fixture.server(ANSWERS);
    MethodDescriptor<Request, Response> streaming =
        EchoGrpc.getEchoMethod().toBuilder().setType(MethodType.SERVER_STREAMING).build();
    Channel channel = fixture.client().channel();

    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(
            () ->
                ClientCalls.blockingServerStreamingCall(
                        channel, streaming, CallOptions.DEFAULT, request("hi"))
                    .hasNext())
        .withMessageStartingWith(
            "UNIMPLEMENTED: pbapi.Echo/Echo: SERVER_STREAMING (expected: UNARY");
  }

  @Test
  void aThousandCallsAtOnceAreAnswered() {
    fixture.server(ANSWERS);
    KitexClient client = fixture.client(b -> b.callTimeout(Duration.ofMinutes(1)));
    var stub = EchoGrpc.newStub(client.channel());
    List<RecordingObserver> observers = new ArrayList<>();

    for (int i = 0; i < 1000; i++) {
      var observer = new RecordingObserver();
      observers.add(observer);
      stub.echo(request("" + i), observer);
    }

    for (int i = 0; i < 1000; i++) {
      assertThat(observers.get(i).completed)
          .succeedsWithin(Duration.ofSeconds(30))
          .isEqualTo("a:" + i);
    }
  }

  private static Request request(String text) {
    return Request.newBuilder().setMessage(text).build();
  }

  private static String echo(KitexClient client) {
    return EchoGrpc.newBlockingStub(client.channel()).echo(request("hi")).getMessage();
  }

  private static void assertFails(KitexClient client, Status.Code code, String text) {
    assertThatExceptionOfType(StatusRuntimeException.class)
        .isThrownBy(() -> echo(client))
        .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(code))
        .withMessageContaining(text);
  }

  private static class RecordingObserver implements StreamObserver<Response> {

    final CompletableFuture<String> completed = new CompletableFuture<>();
    private String text = "";

    @Override
    public void onNext(Response response) {
      text = response.getMessage();
    }

    @Override
    public void onError(Throwable failure) {
      completed.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      completed.complete(text);
    }
  }
}
