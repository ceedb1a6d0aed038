package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.grpc.BindableService;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.examples.pbapi.Response;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.BizStatus;
import io.registryetcd.kitex.wire.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** gRPC services over Kitex-Protobuf; without libthrift too. */
class ProtobufServiceTest {

  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
  }

  private RawConnection client(BindableService service) {
    KitexServer server = LoopbackServer.start(ProtobufService.of(service));
    open.add(server);
    RawConnection client = RawConnection.to(server);
    open.add(0, client);
    return client;
  }

  private static EchoGrpc.EchoImplBase echo(BiConsumer<String, StreamObserver<Response>> handler) {
    return new EchoGrpc.EchoImplBase() {
      @Override
      public void echo(Request request, StreamObserver<Response> observer) {
        handler.accept(request.getMessage(), observer);
      }
    };
  }

  private static Message request(String text) {
    return Requests.protobuf(Framing.TTHEADER_FRAMED, "Echo", 1, text);
  }

  private static Response response(String text) {
    return Response.newBuilder().setMessage(text).build();
  }

  private static void assertFails(Message reply, String text) {
    assertThat(ApplicationError.of(reply))
        .isEqualTo(new ApplicationError(ApplicationError.INTERNAL_ERROR, "biz error: " + text));
  }

  @ParameterizedTest
  @EnumSource(names = {"FRAMED", "TTHEADER_FRAMED"})
  void itAnswersInBothFramings(Framing framing) {
    Message reply = client(new EchoHandler("s")).call(Requests.protobuf(framing, "Echo", 7, "hi"));

    assertThat(reply.framing()).isEqualTo(framing);
    assertThat(reply.sequence()).isEqualTo(7);
    assertThat(Requests.text(reply)).isEqualTo("s|hi");
  }

  @Test
  void itsNameIsTheShortOne() {
    assertThat(ProtobufService.of(new EchoHandler("s")).name()).isEqualTo("Echo");
  }

  @Test
  void anEmptyBodyIsAnEmptyMessage() {
    Message empty = Requests.protobuf(Framing.FRAMED, "Echo", 1, new byte[0]);

    assertThat(Requests.text(client(new EchoHandler("s")).call(empty))).isEqualTo("s|");
  }

  @Test
  void aHandlerMayAnswerLaterAndFromAnotherThread() throws InterruptedException {
    BlockingQueue<StreamObserver<Response>> observers = new LinkedBlockingQueue<>();
    RawConnection client = client(echo((text, observer) -> observers.add(observer)));

    client.send(request("hi"));
    StreamObserver<Response> observer = observers.take();
    observer.onNext(response("later"));
    observer.onCompleted();

    assertThat(Requests.text(client.receive())).isEqualTo("later");
  }

  @Test
  void aStatusIsAFailureWithItsDescription() {
    RawConnection client =
        client(
            echo(
                (text, observer) ->
                    observer.onError(
                        (text.isEmpty() ? Status.NOT_FOUND : Status.NOT_FOUND.withDescription(text))
                            .asRuntimeException())));

    assertFails(client.call(request("no such thing")), "no such thing");
    assertFails(client.call(request("")), "NOT_FOUND");
  }

  @Test
  void anyOtherErrorIsAFailureWithItsMessage() {
    RawConnection client =
        client(echo((text, observer) -> observer.onError(new IllegalStateException(text))));

    assertFails(client.call(request("boom")), "boom");
  }

  @Test
  void whatAHandlerThrowsIsAFailureAndLogged() {
    RawConnection client =
        client(
            echo(
                (text, observer) -> {
                  throw new IllegalStateException(text);
                }));
    try (var log = LogLines.capture()) {
      assertFails(client.call(request("boom")), "boom");
      assertFails(client.call(request("boom")), "boom");
      assertThat(log.containing("Echo.Echo failed")).hasSize(2);
    }
  }

  @Test
  void aMethodThatIsNotImplementedIsAFailure() {
    assertThat(
            ApplicationError.of(client(new EchoGrpc.EchoImplBase() {}).call(request("hi")))
                .message())
        .contains("pbapi.Echo/Echo", "unimplemented");
  }

  @Test
  void aReplyIsNeeded() {
    assertFails(
        client(echo((text, observer) -> observer.onCompleted())).call(request("hi")),
        "completed without a response");
  }

  @Test
  void aStatusOfTheApplicationMayBeThrownOrGivenToTheObserver() {
    RawConnection client =
        client(
            echo(
                (text, observer) -> {
                  var status = new BizStatusException(1001, text, Map.of("k", "v"));
                  if (text.equals("thrown")) {
                    throw status;
                  }
                  observer.onError(status);
                }));

    for (String text : List.of("thrown", "given")) {
      BizStatusException status = BizStatus.of(client.call(request(text))).orElseThrow();
      assertThat(status.status()).isEqualTo(1001);
      assertThat(status).hasMessage(text);
      assertThat(status.extra()).isEqualTo(Map.of("k", "v"));
    }
  }

  /** Written for gRPC, where Kitex has such a status in the trailers. */
  @Test
  void orBeInTheTrailersOfAStatus() {
    var trailers = new Metadata();
    trailers.put(Metadata.Key.of("biz-status", Metadata.ASCII_STRING_MARSHALLER), "1001");
    trailers.put(Metadata.Key.of("biz-extra", Metadata.ASCII_STRING_MARSHALLER), "{\"k\":\"v\"}");
    RawConnection client =
        client(
            echo(
                (text, observer) ->
                    observer.onError(
                        Status.INTERNAL.withDescription(text).asRuntimeException(trailers))));

    BizStatusException status = BizStatus.of(client.call(request("biz"))).orElseThrow();
    assertThat(status.status()).isEqualTo(1001);
    assertThat(status).hasMessage("biz");
    assertThat(status.extra()).isEqualTo(Map.of("k", "v"));
  }

  @Test
  void aMessageThatIsNoneEndsTheConnection() {
    RawConnection client = client(new EchoHandler("s"));
    Message reply =
        client.call(Requests.protobuf(Framing.FRAMED, "Echo", 1, new byte[] {10, 100, 1}));

    assertThat(ApplicationError.of(reply).code()).isEqualTo(ApplicationError.PROTOCOL_ERROR);
    assertThat(client.isEnded()).isTrue();
  }

  @Test
  void interceptorsSeeACallFromItsStartToItsEnd() {
    List<String> seen = new CopyOnWriteArrayList<>();
    RawConnection client =
        client(
            () ->
                ServerInterceptors.intercept(new EchoHandler("s"), new RecordingInterceptor(seen)));

    assertThat(Requests.text(client.call(request("hi")))).isEqualTo("s|hi");
    await().until(() -> seen.contains("complete"));
    assertThat(seen)
        .containsExactly("pbapi.Echo/Echo", "message", "half-close", "close OK", "complete");
    seen.clear();
    assertFails(client.call(request("boom")), "boom");
    await().until(() -> seen.contains("complete"));
    assertThat(seen).contains("close INTERNAL");
  }

  @Test
  void streamingMethodsAreRefused() {
    MethodDescriptor<Request, Response> chat =
        EchoGrpc.getEchoMethod().toBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName("pbapi.Echo/Chat")
            .build();
    ServerServiceDefinition definition =
        ServerServiceDefinition.builder("pbapi.Echo")
            .addMethod(chat, ServerCalls.asyncBidiStreamingCall(observer -> new NoRequests()))
            .build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProtobufService.of(() -> definition))
        .withMessageContaining("service: pbapi.Echo with the streaming methods [Chat]");
  }

  private static final class NoRequests implements StreamObserver<Request> {

    @Override
    public void onNext(Request request) {}

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}
  }

  private record RecordingInterceptor(List<String> seen) implements ServerInterceptor {

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      seen.add(call.getMethodDescriptor().getFullMethodName());
      ServerCall<Q, R> recorded =
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
              seen.add("close " + status.getCode());
              super.close(status, trailers);
            }
          };
      return new SimpleForwardingServerCallListener<>(next.startCall(recorded, headers)) {
        @Override
        public void onMessage(Q message) {
          seen.add("message");
          super.onMessage(message);
        }

        @Override
        public void onHalfClose() {
          seen.add("half-close");
          super.onHalfClose();
        }

        @Override
        public void onComplete() {
          seen.add("complete");
          super.onComplete();
        }
      };
    }
  }
}
