package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.grpc.stub.StreamObserver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.examples.pbapi.Response;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a handler sees beside the arguments, and can give beside the result. */
@Tag("libthrift-any")
class IncomingCallTest {

  /** Seen on the handler's thread. */
  private record Seen(IncomingCall call, CallMetadata passedOn) {}

  private static final Map<Integer, String> INTS =
      Map.of(
          TTHeader.FROM_SERVICE, "Caller",
          TTHeader.FROM_METHOD, "call",
          TTHeader.TO_SERVICE, "hello.registered",
          TTHeader.TO_METHOD, "echo",
          TTHeader.LOG_ID, "log-1",
          TTHeader.RPC_TIMEOUT_MILLIS, "1500");
  private static final Map<String, String> STRINGS =
      Map.of(
          "RPC_TRANSIT_zone",
          "a",
          "RPC_PERSIST_user",
          "42",
          TTHeader.IDL_SERVICE,
          "Hello",
          "rip",
          "10.0.0.1");

  private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
  private final KitexServer server =
      LoopbackServer.start(TextProcessor.hello(this::thrift), ProtobufService.of(new Protobuf()));
  private final RawConnection client = RawConnection.to(server);

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private void look(String text) {
    IncomingCall call = IncomingCall.current();
    seen.add(new Seen(call, CallMetadata.current()));
    if (text.equals("back")) {
      call.replyMetadata("BK", "bv").replyMetadata("other", "");
    } else if (text.equals("large")) {
      call.replyMetadata("BK", "x".repeat(70_000));
    }
  }

  private Optional<String> thrift(String method, String text) {
    look(text);
    return Optional.of(text);
  }

  private final class Protobuf extends EchoGrpc.EchoImplBase {

    @Override
    public void echo(Request request, StreamObserver<Response> observer) {
      look(request.getMessage());
      observer.onNext(Response.newBuilder().setMessage(request.getMessage()).build());
      observer.onCompleted();
    }
  }

  @Test
  void aHandlerSeesWhatTheCallerSays() throws InterruptedException {
    client.call(Requests.with(Requests.echo(Framing.TTHEADER, 1, "hi"), 0, INTS, STRINGS));

    IncomingCall call = seen.take().call();
    assertThat(call.service()).isEqualTo("Hello");
    assertThat(call.method()).isEqualTo("echo");
    assertThat(call.calledName()).contains("hello.registered");
    assertThat(call.callerService()).contains("Caller");
    assertThat(call.callerMethod()).contains("call");
    assertThat(call.logId()).contains("log-1");
    assertThat(call.timeout()).contains(Duration.ofMillis(1500));
    assertThat(call.framing()).isEqualTo(Framing.TTHEADER);
    assertThat(call.transit()).isEqualTo(Map.of("zone", "a"));
    assertThat(call.persist()).isEqualTo(Map.of("user", "42"));
    assertThat(call.remoteAddress()).isEqualTo(client.socket().getLocalSocketAddress());
  }

  @Test
  void withoutHeaderThereIsLittleToSee() throws InterruptedException {
    client.call(Requests.echo(Framing.BUFFERED, 1, "hi"));

    Seen little = seen.take();
    IncomingCall call = little.call();
    assertThat(call.service()).isEqualTo("Hello");
    assertThat(call.calledName()).isEmpty();
    assertThat(call.callerService()).isEmpty();
    assertThat(call.timeout()).isEmpty();
    assertThat(call.transit()).isEmpty();
    assertThat(little.passedOn().persist()).isEmpty();
    assertThat(little.passedOn().logId()).isEmpty();
  }

  @Test
  void aTimeoutThatIsNoNumberIsNone() throws InterruptedException {
    for (String text : new String[] {"soon", "-1", "0", "99999999999999999999"}) {
      client.call(
          Requests.with(
              Requests.echo(Framing.TTHEADER, 1, "hi"),
              0,
              Map.of(TTHeader.RPC_TIMEOUT_MILLIS, text),
              Map.of()));

      assertThat(seen.take().call().timeout()).isEmpty();
    }
  }

  @Test
  void itsOwnCallsPassOnWhatPersists() throws InterruptedException {
    for (Message request :
        new Message[] {
          Requests.echo(Framing.TTHEADER, 1, "hi"),
          Requests.protobuf(Framing.TTHEADER_FRAMED, "Echo", 1, "hi")
        }) {
      client.call(Requests.with(request, 0, INTS, STRINGS));

      CallMetadata passedOn = seen.take().passedOn();
      assertThat(passedOn.persist()).isEqualTo(Map.of("user", "42"));
      assertThat(passedOn.transit()).isEmpty();
      assertThat(passedOn.logId()).contains("log-1");
      assertThat(passedOn.fromMethod()).contains(request.method());
    }
  }

  /** About as many as a header holds; copied for each value, 100 requests would take minutes. */
  @Test
  void manyValuesPersistToo() {
    Map<String, String> strings = new HashMap<>();
    for (int i = 0; i < 13_500; i++) {
      strings.put(TTHeader.PERSIST_PREFIX + Integer.toString(i, 36), "");
    }
    var call =
        new IncomingCall(
            "Hello",
            Requests.with(Requests.echo(Framing.TTHEADER, 1, "hi"), 0, INTS, strings),
            client.socket().getLocalSocketAddress());

    assertThat(call.passedOn().persist()).isEqualTo(call.persist()).hasSize(13_500);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          for (int i = 0; i < 100; i++) {
            call.passedOn();
          }
        });
  }

  @Test
  void itCanSendValuesBack() {
    for (Message request :
        new Message[] {
          Requests.echo(Framing.TTHEADER, 1, "back"),
          Requests.protobuf(Framing.TTHEADER_FRAMED, "Echo", 1, "back")
        }) {
      assertThat(client.call(request).header().strings())
          .isEqualTo(Map.of("BK", "bv", "other", ""));
    }
    assertThat(Requests.text(client.call(Requests.echo(Framing.FRAMED, 1, "back"))))
        .isEqualTo("back");
  }

  @Test
  void valuesTooLargeForAHeaderAreAFailure() {
    ApplicationError error =
        ApplicationError.of(client.call(Requests.echo(Framing.TTHEADER, 1, "large")));

    assertThat(error.code()).isEqualTo(ApplicationError.INTERNAL_ERROR);
    assertThat(error.message()).contains("70000 bytes under BK (expected: at most 65535)");
    assertThat(Requests.text(client.call(Requests.echo(Framing.TTHEADER, 2, "on"))))
        .isEqualTo("on");
  }

  @Test
  void keysOfKitexItselfAreRefused() throws InterruptedException {
    client.call(Requests.echo(Framing.TTHEADER, 1, "hi"));
    IncomingCall call = seen.take().call();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> call.replyMetadata("crrst", "1"))
        .withMessageContaining("key: crrst (expected: none of ");
  }

  @Test
  void itIsOnTheHandlersThreadOnly() {
    assertThatIllegalStateException()
        .isThrownBy(IncomingCall::current)
        .withMessageContaining("no call on this thread");
  }
}
