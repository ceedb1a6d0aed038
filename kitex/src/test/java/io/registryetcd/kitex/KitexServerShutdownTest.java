package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.kitex.wire.KitexVectors;
import io.registryetcd.kitex.wire.Message;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How connections end: by their client, and when the server stops. */
class KitexServerShutdownTest {

  private static final Duration GRACE = Duration.ofSeconds(20);

  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicBoolean finished = new AtomicBoolean();
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final KitexServer server = LoopbackServer.start(TextProcessor.hello(this::answer));

  @AfterEach
  void close() {
    release.countDown();
    server.close();
  }

  /** "hold" and "fire" wait for the test; "fire" is oneway. */
  private Optional<String> answer(String method, String text) {
    if (!method.equals("echo")) {
      held.countDown();
      try {
        assertThat(release.await(20, TimeUnit.SECONDS)).isTrue();
        finished.set(true);
      } catch (InterruptedException e) {
        interrupted.set(true);
      }
    }
    return method.equals("fire") ? Optional.empty() : Optional.of("s|" + text);
  }

  private RawConnection holding(Framing framing) throws InterruptedException {
    RawConnection client =
        RawConnection.to(server).send(Requests.thrift(framing, Message.Type.CALL, "hold", 1, "hi"));
    assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
    return client;
  }

  private CompletableFuture<Void> stopping(Duration grace) {
    var stopping = CompletableFuture.runAsync(() -> server.shutdown(grace));
    await().until(server::isShutdown);
    return stopping;
  }

  @Test
  void aClientThatSaysItSendsNoMoreStillGetsItsReply() throws InterruptedException {
    try (var client = holding(Framing.FRAMED)) {
      client.endOutput();
      release.countDown();

      assertThat(Requests.text(client.receive())).isEqualTo("s|hi");
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void anIdleConnectionIsClosedWhenItsClientCloses() {
    try (var client = RawConnection.to(server)) {
      client.call(Requests.echo(Framing.FRAMED, 1, "hi"));
      client.endOutput();

      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void aServerThatStopsClosesIdleConnectionsAndTakesNoMore() {
    try (var idle = RawConnection.to(server)) {
      idle.call(Requests.echo(Framing.TTHEADER, 1, "hi"));
      var stopping = stopping(GRACE);

      assertThat(idle.isEnded()).isTrue();
      stopping.join();
      assertThatThrownBy(() -> RawConnection.to(server.address().getPort()))
          .isInstanceOf(UncheckedIOException.class);
    }
  }

  @Test
  void aBusyConnectionIsClosedBehindAReplyThatSaysSo() throws Exception {
    try (var client = holding(Framing.TTHEADER)) {
      var stopping = stopping(GRACE);
      assertThat(stopping).isNotDone();
      release.countDown();

      Message reply = client.receive();
      assertThat(Requests.text(reply)).isEqualTo("s|hi");
      assertThat(reply.header().strings()).containsExactly(Map.entry("crrst", "1"));
      assertThat(client.isEnded()).isTrue();
      stopping.join();
      server.awaitTermination();
    }
  }

  @Test
  void thatReplyIsTheOneKitexGives() throws Exception {
    Message kitex = RawConnection.messages(KitexVectors.reply("ttheader-stopping").bytes()).get(0);
    BlockingQueue<Runnable> calls = new LinkedBlockingQueue<>();
    try (var stopped =
            LoopbackServer.start(
                LoopbackServer.builder().executor(calls::add), TextProcessor.hello("s"));
        var client = RawConnection.to(stopped)) {
      client.send(KitexVectors.request("ttheader-stopping").bytes());
      Runnable call = calls.take();
      var stopping = CompletableFuture.runAsync(() -> stopped.shutdown(GRACE));
      await().until(stopped::isShutdown);
      call.run();

      assertThat(Requests.shown(client.receive())).isEqualTo(Requests.shown(kitex));
      assertThat(client.isEnded()).isTrue();
      stopping.join();
    }
  }

  @Test
  void withoutHeaderTheReplyComesTooAndThenTheEnd() throws InterruptedException {
    try (var client = holding(Framing.FRAMED)) {
      stopping(GRACE);
      release.countDown();

      assertThat(Requests.text(client.receive())).isEqualTo("s|hi");
      assertThat(client.isEnded()).isTrue();
    }
  }

  /** Closing a socket with unread bytes would reset it, and the reply could be lost. */
  @Test
  void aReplyIsNotLostAlthoughMoreWasSent() throws InterruptedException {
    byte[] more =
        RawConnection.bytes(
            IntStream.range(2, 10)
                .mapToObj(i -> Requests.echo(Framing.FRAMED, i, "too late"))
                .toArray(Message[]::new));
    try (var client = holding(Framing.FRAMED)) {
      stopping(GRACE);
      release.countDown();
      client.receive();
      client.send(more);

      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void aCallWhoseClientIsGoneIsWaitedFor() throws InterruptedException {
    RawConnection.to(server)
        .send(Requests.thrift(Framing.FRAMED, Message.Type.ONEWAY, "fire", 1, "hi"))
        .close();
    assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
    var stopping = stopping(GRACE);

    assertThat(stopping).isNotDone();
    release.countDown();
    stopping.join();
    assertThat(finished).isTrue();
  }

  @Test
  void whatIsLeftAfterTheGraceIsCut() throws InterruptedException {
    try (var client = holding(Framing.FRAMED)) {
      server.shutdown(Duration.ofMillis(100));

      assertThat(client.isEnded()).isTrue();
      await().untilTrue(interrupted);
      server.awaitTermination();
    }
  }

  @Test
  void aGraceMayBeWithoutEnd() throws InterruptedException {
    try (var client = holding(Framing.FRAMED)) {
      var stopping = stopping(ChronoUnit.FOREVER.getDuration());
      release.countDown();

      assertThat(Requests.text(client.receive())).isEqualTo("s|hi");
      stopping.join();
      server.awaitTermination();
    }
  }

  @Test
  void aNegativeGraceIsNone() throws InterruptedException {
    try (var client = holding(Framing.FRAMED)) {
      server.shutdown(Duration.ofSeconds(Long.MIN_VALUE));

      assertThat(client.isEnded()).isTrue();
      server.awaitTermination();
    }
  }

  @Test
  void aSecondShutdownMayBeMoreImpatient() throws InterruptedException {
    try (var client = holding(Framing.FRAMED)) {
      var stopping = stopping(GRACE);

      server.close();

      stopping.join();
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void noThreadIsLeft() {
    try (var client = RawConnection.to(server)) {
      client.call(Requests.echo(Framing.FRAMED, 1, "hi"));
      assertThat(threads()).isPositive();
    }

    server.close();

    await().until(() -> threads() == 0);
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("registry-etcd-kitex"))
        .count();
  }
}
