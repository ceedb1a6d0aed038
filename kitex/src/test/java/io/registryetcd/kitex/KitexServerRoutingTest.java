package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.Message;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which service answers: that which the header names (isn), or one that has the method. */
@Tag("libthrift-any")
class KitexServerRoutingTest {

  private final KitexServer server =
      LoopbackServer.start(
          service("Anything", Optional.empty()),
          service("Hello", Optional.of(Set.of("echo", "greet"))),
          service("World", Optional.of(Set.of("echo", "turn"))),
          ProtobufService.of(new EchoHandler("protobuf")));
  private final RawConnection client = RawConnection.to(server);

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  /** A service whose replies say which it is. */
  private static ThriftService service(String name, Optional<Set<String>> methods) {
    var processor = new TextProcessor((method, text) -> Optional.of(name + "." + method));
    return methods
        .map(known -> ThriftService.of(name, processor, known))
        .orElseGet(() -> ThriftService.of(name, processor));
  }

  private Message call(String isn, String method) {
    Message request = Requests.thrift(Framing.TTHEADER, Message.Type.CALL, method, 1, "hi");
    return client.call(isn.isEmpty() ? request : Requests.withService(request, isn));
  }

  private void assertEnds(Message reply, int code, String text) {
    assertThat(ApplicationError.of(reply)).isEqualTo(new ApplicationError(code, text));
    assertThat(reply.header().strings()).containsEntry("crrst", "1");
    assertThat(client.isEnded()).isTrue();
  }

  @Test
  void theServiceThatIsNamed() {
    assertThat(Requests.text(call("World", "echo"))).isEqualTo("World.echo");
    assertThat(Requests.text(call("Hello", "echo"))).isEqualTo("Hello.echo");
    assertThat(Requests.text(call("Anything", "echo"))).isEqualTo("Anything.echo");
  }

  @Test
  void noneIfItLacksTheMethod() {
    assertEnds(
        call("Hello", "turn"),
        ApplicationError.UNKNOWN_METHOD,
        "unknown method turn (service Hello)");
  }

  @Test
  void withoutANameTheFirstThatDeclaresTheMethod() {
    assertThat(Requests.text(call("", "echo"))).isEqualTo("Hello.echo");
    assertThat(Requests.text(call("", "turn"))).isEqualTo("World.turn");
  }

  @Test
  void byAnUnknownNameTheOnlyOneThatDeclaresTheMethod() {
    assertThat(Requests.text(call("Nope", "turn"))).isEqualTo("World.turn");
  }

  @Test
  void byAnUnknownNameNoneOfSeveral() {
    assertEnds(
        call("Nope", "echo"),
        ApplicationError.NO_SUCH_SERVICE,
        "unknown service Nope, method echo");
  }

  @Test
  void aServiceThatTakesAnyMethodComesLast() {
    assertThat(Requests.text(call("", "other"))).isEqualTo("Anything.other");
    assertThat(Requests.text(call("Nope", "other"))).isEqualTo("Anything.other");
  }

  @Test
  void protobufServicesAreApart() {
    Message request = Requests.protobuf(Framing.TTHEADER_FRAMED, "Echo", 1, "hi");

    assertThat(Requests.text(client.call(request))).isEqualTo("protobuf|hi");
    assertThat(Requests.text(client.call(Requests.withService(request, "Echo"))))
        .isEqualTo("protobuf|hi");
    assertThat(Requests.text(client.call(Requests.withService(request, "Hello"))))
        .isEqualTo("protobuf|hi");
    assertEnds(
        client.call(
            Requests.withService(
                Requests.protobuf(Framing.TTHEADER_FRAMED, "echo", 1, "hi"), "Hello")),
        ApplicationError.NO_SUCH_SERVICE,
        "unknown service Hello, method echo");
  }
}
