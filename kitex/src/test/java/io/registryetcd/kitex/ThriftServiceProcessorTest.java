package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.BizStatus;
import io.registryetcd.kitex.wire.Message;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.thrift.TException;
import org.apache.thrift.transport.TTransportException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Services with a processor written by hand, with whatever libthrift is there. */
@Tag("libthrift-any")
class ThriftServiceProcessorTest {

  private final KitexServer server =
      LoopbackServer.start(TextProcessor.hello(ThriftServiceProcessorTest::answer));
  private final RawConnection client = RawConnection.to(server);

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private static Optional<String> answer(String method, String text) throws TException {
    return switch (text) {
      case "nothing" -> Optional.empty();
      case "boom", "unanswered" -> throw new IllegalStateException(text);
      case "thrift" -> throw new TException("thrift");
      case "transport" -> throw new TTransportException("transport");
      case "biz" -> throw new BizStatusException(1001, "biz");
      default -> Optional.of(method + "|" + text);
    };
  }

  @ParameterizedTest
  @EnumSource
  void itAnswersInEveryFraming(Framing framing) {
    Message reply = client.call(Requests.echo(framing, 7, "hi"));

    assertThat(reply.framing()).isEqualTo(framing);
    assertThat(reply.sequence()).isEqualTo(7);
    assertThat(Requests.text(reply)).isEqualTo("echo|hi");
  }

  @ParameterizedTest
  @CsvSource({"boom", "thrift", "transport"})
  void whatItThrowsIsAnswered(String text) {
    assertThat(ApplicationError.of(client.call(Requests.echo(Framing.FRAMED, 1, text))))
        .isEqualTo(new ApplicationError(ApplicationError.INTERNAL_ERROR, "biz error: " + text));
    assertThat(Requests.text(client.call(Requests.echo(Framing.FRAMED, 2, "on"))))
        .isEqualTo("echo|on");
  }

  @Test
  void itMayThrowAStatusOfTheApplication() {
    Message reply = client.call(Requests.echo(Framing.TTHEADER, 1, "biz"));

    assertThat(BizStatus.of(reply)).get().returns(1001, BizStatusException::status);
  }

  @Test
  void whatItDoesNotAnswerIsOneway() {
    client.send(
        Requests.echo(Framing.FRAMED, 1, "nothing"),
        Requests.thrift(Framing.FRAMED, Message.Type.ONEWAY, "fire", 2, "unanswered"),
        Requests.echo(Framing.FRAMED, 3, "hi"));

    assertThat(client.receive().sequence()).isEqualTo(3);
  }

  /** The first argument of a method is a struct, of which the first field is a string. */
  @ParameterizedTest
  @CsvSource({
    "0c00010b0001000000026869, too short",
    "0c00010b0001000000026869000000, trailing bytes",
    "0c00010b00017fffffff68690000, a string longer than the message",
    "0c00010b0001ffffffff68690000, a string of negative length",
    "0f00020b7fffffff00, a list longer than the message",
    "63000100, an unknown type",
  })
  void argumentsThatCannotBeReadEndTheConnection(String arguments, String what) {
    Message request =
        Requests.thrift(Framing.FRAMED, "echo", 1, HexFormat.of().parseHex(arguments));

    assertUnreadable(client.call(request));
  }

  @ParameterizedTest
  @EnumSource
  void argumentsNestedTooDeeplyEndTheConnectionOnly(Framing framing) {
    // without a frame it is refused at once: all of it must have been sent by then
    int levels = framing == Framing.BUFFERED ? 100 : 500_000;
    byte[] deep = ByteBufUtil.getBytes(Unpooled.buffer().writeZero(3 * levels));
    for (int i = 0; i < deep.length; i += 3) {
      deep[i] = 12;
      deep[i + 2] = 1;
    }

    assertUnreadable(client.call(Requests.thrift(framing, "echo", 1, deep)));
    try (var next = RawConnection.to(server)) {
      next.call(Requests.echo(framing, 1, "hi"));
    }
  }

  private void assertUnreadable(Message reply) {
    assertThat(reply.sequence()).isOne();
    assertThat(ApplicationError.of(reply).code()).isEqualTo(ApplicationError.PROTOCOL_ERROR);
    assertThat(client.isEnded()).isTrue();
  }

  @Test
  void unreadFieldsAreNoTrailingBytes() {
    byte[] more =
        HexFormat.of().parseHex("0a00090000000000000001" + "0c00010b000100000002686900" + "00");

    assertThat(Requests.text(client.call(Requests.thrift(Framing.FRAMED, "echo", 1, more))))
        .isEqualTo("echo|hi");
  }
}
