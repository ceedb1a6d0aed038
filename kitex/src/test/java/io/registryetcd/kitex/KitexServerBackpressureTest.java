package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.kitex.wire.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Much data, and clients that do not take it. */
class KitexServerBackpressureTest {

  private static final int REQUESTS = 1500;
  private static final String TEXT = "x".repeat(64 * 1024);

  private final AtomicInteger handled = new AtomicInteger();
  private final KitexServer server =
      LoopbackServer.start(
          TextProcessor.hello(
              (method, text) -> {
                handled.incrementAndGet();
                return Optional.of(text);
              }));

  @AfterEach
  void close() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource
  void aLargeMessageComesBackWhole(Framing framing) {
    String text = "0123456789abcdef".repeat(512 * 1024);
    try (var client = RawConnection.to(server)) {
      assertThat(Requests.text(client.call(Requests.echo(framing, 1, text)))).isEqualTo(text);
    }
  }

  @Test
  void aClientThatDoesNotReadIsNotServedOn() throws IOException {
    assertServedOnlyAsRead(Requests.echo(Framing.FRAMED, 1, TEXT));
  }

  @Test
  void norIsOneWhoseCallsRunAtOnce() throws IOException {
    assertServedOnlyAsRead(Requests.outOfOrder(Requests.echo(Framing.TTHEADER, 1, TEXT)));
  }

  /** What fits into the buffers of two sockets is a few MiB; all requests are about 94 MiB. */
  private void assertServedOnlyAsRead(Message request) throws IOException {
    try (var socket = new Socket()) {
      socket.setReceiveBufferSize(64 * 1024);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
      var client = new RawConnection(socket);
      byte[] bytes = RawConnection.bytes(request);
      var sending =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < REQUESTS; i++) {
                  client.send(bytes);
                }
              },
              task -> new Thread(task, "sender").start());
      var seen = new AtomicInteger();
      await()
          .during(Duration.ofMillis(500))
          .atMost(Duration.ofMinutes(1))
          .until(() -> handled.get() > 0 && handled.get() == seen.getAndSet(handled.get()));
      assertThat(handled).hasValueLessThan(REQUESTS / 2);
      assertThat(sending).isNotDone();

      for (int i = 0; i < REQUESTS; i++) {
        assertThat(client.receive().type()).isEqualTo(Message.Type.REPLY);
      }
      sending.join();
      assertThat(handled).hasValue(REQUESTS);
    }
  }
}
