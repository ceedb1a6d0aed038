package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.examples.api.Hello;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.KitexVectors;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Kitex clients sent is answered as a Kitex server answered it, and so is the connection. */
class KitexServerVectorsTest {

  /** The vectors whose reply differs on purpose, or by its circumstances; tested apart. */
  private static final Set<String> APART =
      Set.of("framed-biz", "bad-payload", "ttheader-min", "ttheader-stopping");

  private static final HelloHandler HELLO = new HelloHandler("s");
  private static KitexServer server;

  @BeforeAll
  static void start() throws IOException {
    server =
        KitexServer.builder()
            .service(ThriftService.of(Hello.Iface.class, HELLO, Hello.Processor::new))
            .service(ThriftService.of("World", new Hello.Processor<>(new HelloHandler("W"))))
            .service(ProtobufService.of(new EchoHandler("s")))
            .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .start();
  }

  @AfterAll
  static void close() {
    server.close();
  }

  static List<String> answered() {
    return KitexVectors.messages().stream()
        .filter(vector -> vector.direction().equals("<"))
        .map(KitexVectors.Vector::id)
        .filter(id -> !APART.contains(id))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("answered")
  void aRequestIsAnsweredAsByKitex(String id) {
    List<Message> expected = RawConnection.messages(KitexVectors.reply(id).bytes());

    try (var client = RawConnection.to(server).send(KitexVectors.request(id).bytes())) {
      for (Message reply : expected) {
        assertThat(Requests.shown(client.receive())).isEqualTo(Requests.shown(reply));
      }
      if (closes(KitexVectors.reply(id))) {
        assertThat(client.isEnded()).isTrue();
      } else {
        assertThat(Requests.text(client.call(Requests.echo(Framing.BUFFERED, 9, "on"))))
            .isEqualTo("s|on");
      }
    }
  }

  private static boolean closes(KitexVectors.Vector reply) {
    return reply.note().contains("then closes") || reply.note().contains("closes after it");
  }

  /** Kitex's own server loses the status there, and its client gets neither reply nor error. */
  @Test
  void withoutHeaderAStatusOfTheApplicationIsAnApplicationException() {
    try (var client = RawConnection.to(server).send(KitexVectors.request("framed-biz").bytes())) {
      Message reply = client.receive();

      assertThat(reply.type()).isEqualTo(Message.Type.EXCEPTION);
      assertThat(ApplicationError.of(reply))
          .isEqualTo(
              new ApplicationError(
                  ApplicationError.INTERNAL_ERROR, "biz error: code=1001, msg=biz"));
      assertThat(Requests.text(client.call(Requests.echo(Framing.FRAMED, 2, "on"))))
          .isEqualTo("s|on");
    }
  }

  /** The text is that of the library which reads the arguments. */
  @Test
  void argumentsThatCannotBeReadAreAProtocolErrorAndEndTheConnection() {
    try (var client = RawConnection.to(server).send(KitexVectors.request("bad-payload").bytes())) {
      Message reply = client.receive();

      assertThat(reply.type()).isEqualTo(Message.Type.EXCEPTION);
      assertThat(reply.method()).isEqualTo("echo");
      assertThat(reply.sequence()).isOne();
      assertThat(ApplicationError.of(reply).code()).isEqualTo(ApplicationError.PROTOCOL_ERROR);
      assertThat(client.isEnded()).isTrue();
    }
  }

  /** That Kitex server had no metadata handlers; with them it says the message's type, as we do. */
  @Test
  void aHeaderAlwaysSaysTheTypeOfTheMessage() {
    Message bare = RawConnection.messages(KitexVectors.reply("ttheader-min").bytes()).get(0);

    try (var client = RawConnection.to(server).send(KitexVectors.request("ttheader-min").bytes())) {
      Message reply = client.receive();

      assertThat(reply.header().ints()).containsOnlyKeys(TTHeader.MESSAGE_TYPE);
      assertThat(Requests.shown(Requests.with(reply, 0, Map.of(), Map.of())))
          .isEqualTo(Requests.shown(bare));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"framed-oneway", "ttheader-oneway"})
  void aOnewayCallRunsAlthoughItsSenderIsGone(String id) throws InterruptedException {
    RawConnection.to(server).send(KitexVectors.request(id).bytes()).close();

    assertThat(HELLO.fired.poll(20, TimeUnit.SECONDS)).isEqualTo("hi");
  }
}
