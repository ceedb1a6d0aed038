package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.wire.KitexVectors;
import io.registryetcd.kitex.wire.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Many requests on one connection: what is handled when, and in which order it is answered. */
@Tag("libthrift-any")
class KitexServerOrderTest {

  private final CountDownLatch release = new CountDownLatch(1);
  private final CountDownLatch held = new CountDownLatch(1);
  private final AtomicInteger atOnce = new AtomicInteger();
  private final AtomicInteger mostAtOnce = new AtomicInteger();
  private final KitexServer server =
      LoopbackServer.start(
          TextProcessor.hello(this::answer), ProtobufService.of(new EchoHandler("s")));
  private final RawConnection client = RawConnection.to(server);

  @AfterEach
  void close() {
    release.countDown();
    client.close();
    server.close();
  }

  /** A method "hold" is answered when the test releases it. */
  private Optional<String> answer(String method, String text) {
    mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
    try {
      if (method.equals("hold")) {
        held.countDown();
        assertThat(release.await(20, TimeUnit.SECONDS)).isTrue();
      }
      return Optional.of("s|" + text);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      atOnce.decrementAndGet();
    }
  }

  @Test
  void messagesOfAllKindsAreAnsweredInOrderAndInKind() {
    List<Message> requests = new ArrayList<>();
    for (int i = 1; i <= 600; ) {
      for (Framing framing : Framing.values()) {
        requests.add(Requests.echo(framing, i++, "text"));
      }
      for (Framing framing : List.of(Framing.FRAMED, Framing.TTHEADER_FRAMED)) {
        requests.add(Requests.protobuf(framing, "Echo", i++, "text"));
      }
    }

    client.send(requests.toArray(Message[]::new));

    for (Message request : requests) {
      Message reply = client.receive();
      assertThat(reply.framing()).isEqualTo(request.framing());
      assertThat(reply.protocol()).isEqualTo(request.protocol());
      assertThat(reply.sequence()).isEqualTo(request.sequence());
      assertThat(Requests.text(reply)).isEqualTo("s|text");
    }
    assertThat(mostAtOnce).hasValue(1);
  }

  @Test
  void bytesMayArriveOneByOne() {
    for (byte b : KitexVectors.request("mixed-pipeline").bytes()) {
      client.send(new byte[] {b});
    }

    for (int i = 1; i <= 3; i++) {
      assertThat(client.receive().sequence()).isEqualTo(i);
    }
  }

  @Test
  void aRequestWaitsForTheReplyOfTheOneBefore() throws InterruptedException {
    client.send(
        Requests.thrift(Framing.FRAMED, Message.Type.CALL, "hold", 1, "first"),
        Requests.echo(Framing.FRAMED, 2, "second"));
    assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
    release.countDown();

    assertThat(Requests.text(client.receive())).isEqualTo("s|first");
    assertThat(Requests.text(client.receive())).isEqualTo("s|second");
    assertThat(mostAtOnce).hasValue(1);
  }

  /** What Kitex calls multiplexing; its own server sets no flag in the reply either. */
  @Test
  void requestsThatSaySoAreHandledAtOnceAndAnsweredAsTheyFinish() {
    client.send(outOfOrder("hold", 1));
    for (int i = 2; i <= 100; i++) {
      client.send(outOfOrder("echo", i));
    }

    Set<Integer> answered = new TreeSet<>();
    for (int i = 2; i <= 100; i++) {
      Message reply = client.receive();
      assertThat(reply.header().sequence()).isEqualTo(reply.sequence()).isNotEqualTo(1);
      assertThat(Requests.text(reply)).isEqualTo("s|" + reply.sequence());
      answered.add(reply.sequence());
    }
    assertThat(answered).hasSize(99);
    release.countDown();
    assertThat(client.receive().sequence()).isOne();
  }

  @Test
  void anOrdinaryRequestDoesNotWaitForThoseOutOfOrder() {
    client.send(
        outOfOrder("hold", 1), Requests.echo(Framing.FRAMED, 2, "ordinary"), outOfOrder("echo", 3));

    assertThat(List.of(client.receive().sequence(), client.receive().sequence()))
        .containsExactly(2, 3);
    release.countDown();
    assertThat(client.receive().sequence()).isOne();
  }

  /** 256 calls of a connection run at once; the rest waits in its bytes. */
  @Test
  void thereIsALimitToCallsAtOnce() {
    Queue<Runnable> calls = new ArrayDeque<>();
    var connection = EmbeddedConnection.to(TextProcessor.hello("s"), calls::add);
    Message[] requests =
        IntStream.rangeClosed(1, 600).mapToObj(i -> outOfOrder("echo", i)).toArray(Message[]::new);
    connection.writeInbound(Unpooled.wrappedBuffer(RawConnection.bytes(requests)));
    assertThat(calls).hasSize(256);

    for (int handled = 1; handled <= 600; handled++) {
      calls.remove().run();
      assertThat(calls).hasSize(Math.min(256, 600 - handled));
    }
    assertThat(connection.outboundMessages()).hasSize(600);
    connection.finishAndReleaseAll();
  }

  private static Message outOfOrder(String method, int sequence) {
    return Requests.outOfOrder(
        Requests.thrift(
            Framing.TTHEADER, Message.Type.CALL, method, sequence, Integer.toString(sequence)));
  }
}
