package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Refused;
import io.registryetcd.examples.api.Request;
import io.registryetcd.examples.api.Response;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.BizStatus;
import io.registryetcd.kitex.wire.Message;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportException;
import org.apache.thrift.transport.layered.TFramedTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Services with code that the Thrift compiler generated. */
class ThriftServiceTest {

  private final HelloHandler handler = new HelloHandler("s");
  private final KitexServer server =
      LoopbackServer.start(ThriftService.of(Hello.Iface.class, handler, Hello.Processor::new));
  private final RawConnection client = RawConnection.to(server);

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private Message call(Framing framing, String method, String text) {
    return client.call(Requests.thrift(framing, Message.Type.CALL, method, 1, text));
  }

  private void assertStaysOpen() {
    assertThat(Requests.text(call(Framing.FRAMED, "echo", "on"))).isEqualTo("s|on");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theClientOfTheSameLibraryIsServed(boolean framed) throws Exception {
    try (TTransport socket = new TSocket("127.0.0.1", server.port(), 20_000);
        TTransport transport = framed ? new TFramedTransport(socket) : socket) {
      transport.open();
      var hello = new Hello.Client(new TBinaryProtocol(transport));

      assertThat(hello.echo(new Request().setMessage("hi")).getMessage()).isEqualTo("s|hi");
      hello.fire(new Request().setMessage("fired"));
      assertThatExceptionOfType(Refused.class)
          .isThrownBy(() -> hello.strict(new Request().setMessage("refuse")))
          .matches(refused -> refused.getCode() == 7 && refused.getReason().equals("refused"));
      assertThatExceptionOfType(TApplicationException.class)
          .isThrownBy(() -> hello.strict(new Request().setMessage("boom")))
          .withMessage("biz error: boom")
          .matches(e -> e.getType() == TApplicationException.INTERNAL_ERROR);
      assertThat(hello.strict(new Request().setMessage("fine")).getMessage()).isEqualTo("s|fine");
    }
    assertThat(handler.fired.poll(20, TimeUnit.SECONDS)).isEqualTo("fired");
  }

  @Test
  void itsNameIsThatOfTheServiceInTheIdl() {
    assertThat(ThriftService.of(Hello.Iface.class, handler, Hello.Processor::new).name())
        .isEqualTo("Hello");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ThriftService.of(Runnable.class, () -> {}, runnable -> (in, out) -> {}))
        .withMessageContaining("iface: java.lang.Runnable");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ThriftService.of(Hidden.class, new Hidden() {}, hidden -> (in, out) -> {}))
        .withMessageContaining("public and in a package that is exported");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ThriftService.of("", (in, out) -> {}))
        .withMessageContaining("service: ''");
  }

  @Test
  void itHasTheMethodsOfItsProcessor() {
    KitexService service = ThriftService.of("X", new Hello.Processor<>(handler));

    assertThat(service.declares("strict")).isTrue();
    assertThat(service.declares("nosuch")).isFalse();
    assertThat(service.acceptsAll()).isFalse();
  }

  @Test
  void aProcessorForAnotherServerIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ThriftService.of("Hello", new Hello.AsyncProcessor<>(asynchronous())))
        .withMessageContaining("AsyncProcessor");
  }

  private static Hello.AsyncIface asynchronous() {
    return (Hello.AsyncIface)
        Proxy.newProxyInstance(
            Hello.class.getClassLoader(),
            new Class<?>[] {Hello.AsyncIface.class},
            (proxy, method, args) -> null);
  }

  @Test
  void aDeclaredExceptionIsAResult() {
    assertThat(call(Framing.TTHEADER, "strict", "refuse").type()).isEqualTo(Message.Type.REPLY);
    assertStaysOpen();
  }

  @Test
  void aStatusOfTheApplicationIsInTheHeaderAndNotInTheLog() {
    try (var log = LogLines.capture()) {
      Message reply = call(Framing.TTHEADER_FRAMED, "strict", "biz");

      BizStatusException status = BizStatus.of(reply).orElseThrow();
      assertThat(status.status()).isEqualTo(1001);
      assertThat(status).hasMessage("biz");
      assertThat(status.extra()).isEqualTo(Map.of("k", "v"));
      assertStaysOpen();
      assertThat(log.containing("127.0.0.1:" + client.socket().getLocalPort())).isEmpty();
      assertThat(log.containing("strict")).isEmpty();
      assertThat(log.containing("BizStatusException")).isEmpty();
    }
  }

  @Test
  void aFailureIsAnsweredAndLoggedOnce() {
    try (var log = LogLines.capture()) {
      assertThat(ApplicationError.of(call(Framing.BUFFERED, "strict", "boom")))
          .isEqualTo(new ApplicationError(ApplicationError.INTERNAL_ERROR, "biz error: boom"));
      assertStaysOpen();
      assertThat(log.containing("Hello.strict failed, called from /127.0.0.1:")).hasSize(1);
      assertThat(log.containing("java.lang.IllegalStateException: boom")).hasSize(1);
    }
  }

  /** All that a handler can throw without declaring it. */
  @Test
  void whateverAHandlerThrowsIsAnswered() {
    assertFails(new TException("a call of its own failed"), "a call of its own failed");
    assertFails(new TTransportException("no connection"), "no connection");
    assertFails(
        new TApplicationException(TApplicationException.UNKNOWN_METHOD, "elsewhere"), "elsewhere");
    assertFails(new NullPointerException(), "java.lang.NullPointerException");
    assertFails(new StackOverflowError(), "java.lang.StackOverflowError");
  }

  private static void assertFails(Throwable thrown, String text) {
    var service = ThriftService.of(Hello.Iface.class, new Failing(thrown), Hello.Processor::new);
    try (var failing = LoopbackServer.start(service);
        var client = RawConnection.to(failing)) {
      for (int i = 1; i <= 2; i++) {
        assertThat(ApplicationError.of(client.call(Requests.echo(Framing.FRAMED, i, "hi"))))
            .isEqualTo(new ApplicationError(ApplicationError.INTERNAL_ERROR, "biz error: " + text));
      }
    }
  }

  @Test
  void aOnewayMethodIsNeverAnswered() {
    var service =
        ThriftService.of(
            Hello.Iface.class, new Failing(new IllegalStateException()), Hello.Processor::new);
    try (var log = LogLines.capture();
        var failing = LoopbackServer.start(service);
        var client = RawConnection.to(failing)) {
      client.send(
          Requests.thrift(Framing.FRAMED, Message.Type.ONEWAY, "fire", 1, "hi"),
          Requests.thrift(Framing.FRAMED, Message.Type.CALL, "fire", 2, "hi"),
          Requests.echo(Framing.FRAMED, 3, "hi"));

      assertThat(client.receive().sequence()).isEqualTo(3);
      await().until(() -> log.containing("Hello.fire failed").size() == 2);
    }
  }

  /** The IDL decides. */
  @Test
  void anyOtherMethodIsAlwaysAnswered() {
    client.send(
        Requests.thrift(Framing.FRAMED, Message.Type.ONEWAY, "echo", 1, "hi"),
        Requests.thrift(Framing.FRAMED, Message.Type.ONEWAY, "strict", 2, "boom"));

    assertThat(Requests.text(client.receive())).isEqualTo("s|hi");
    assertThat(client.receive().type()).isEqualTo(Message.Type.EXCEPTION);
  }

  /** What the handler threw would else be the failure of the thread's next call. */
  @Test
  void aProcessorThatFailsAfterItsHandlerLeavesNothingBehind() throws Throwable {
    var failing = new AtomicBoolean(true);
    var service =
        ThriftService.of(
            Hello.Iface.class, handler, guarded -> failingBehind(guarded, failing::get));
    List<Optional<Message>> replies = new ArrayList<>();
    assertThatExceptionOfType(TException.class)
        .isThrownBy(
            () ->
                service.handle(
                    Requests.thrift(Framing.FRAMED, Message.Type.CALL, "strict", 1, "boom"),
                    replies::add))
        .withMessage("behind")
        .satisfies(e -> assertThat(e.getSuppressed()).singleElement().asString().contains("boom"));
    failing.set(false);

    service.handle(Requests.echo(Framing.FRAMED, 2, "on"), replies::add);

    assertThat(replies).singleElement().extracting(r -> Requests.text(r.get())).isEqualTo("s|on");
  }

  private static TProcessor failingBehind(Hello.Iface handler, BooleanSupplier failing) {
    var generated = new Hello.Processor<>(handler);
    return (in, out) -> {
      generated.process(in, out);
      if (failing.getAsBoolean()) {
        throw new TException("behind");
      }
    };
  }

  /** Where the handler is inside the processor already, libthrift hides what it throws. */
  @Test
  void aHandlerInsideAProcessorFailsWithTheTextOfTheLibrary() {
    try (var bare =
            LoopbackServer.start(ThriftService.of("Hello", new Hello.Processor<>(handler)));
        var client = RawConnection.to(bare)) {
      Message reply =
          client.call(Requests.thrift(Framing.FRAMED, Message.Type.CALL, "strict", 1, "boom"));

      assertThat(ApplicationError.of(reply))
          .isEqualTo(
              new ApplicationError(
                  ApplicationError.INTERNAL_ERROR, "Internal error processing strict"));
      assertThat(Requests.text(client.call(Requests.echo(Framing.FRAMED, 2, "on"))))
          .isEqualTo("s|on");
    }
  }

  private interface Hidden {}

  /** A handler whose every method throws the same. */
  private record Failing(Throwable thrown) implements Hello.Iface {

    @Override
    public Response echo(Request request) throws TException {
      return raise();
    }

    @Override
    public Response strict(Request request) throws TException {
      return raise();
    }

    @Override
    public void fire(Request request) throws TException {
      raise();
    }

    private Response raise() throws TException {
      if (thrown instanceof TException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
      throw (RuntimeException) thrown;
    }
  }
}
