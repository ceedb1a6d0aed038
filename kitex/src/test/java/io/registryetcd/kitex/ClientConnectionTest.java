package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.registryetcd.kitex.wire.MessageDecoder;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a connection can be lent, and what it says of a request that it did not send. */
class ClientConnectionTest {

  private final EventLoopGroup threads = IoThreads.acquire();
  private final FakeKitexServer server = FakeKitexServer.start(FakeKitexServer.silent());
  private final Connection connection =
      new Connection(
          server.instance(),
          new Connector(threads, Duration.ofSeconds(10), Optional.empty()),
          MessageDecoder.DEFAULT_MAX_FRAME_BYTES);

  @AfterEach
  void close() {
    connection.close();
    server.close();
    IoThreads.release();
  }

  @Test
  void aNewOneIsUsableAndNotOpened() {
    assertThat(connection.isUsable()).isTrue();
    assertThat(connection.isOpened()).isFalse();
  }

  @Test
  void anOpenedOneIsOpenedOnce() {
    Channel channel = connection.open().join();

    assertThat(connection.open()).isCompletedWithValue(channel);
    assertThat(connection.isUsable()).isTrue();
    assertThat(connection.isOpened()).isTrue();
  }

  @Test
  void oneThatWasResetWhileIdleIsNotUsableAndSendsNothing() {
    Channel channel = connection.open().join();
    await().until(() -> server.connections() == 1);

    server.peers().forEach(FakeKitexServer.Peer::reset);
    await().until(() -> !connection.isUsable());

    assertThatExceptionOfType(CompletionException.class)
        .isThrownBy(
            () -> connection.exchange(channel, Unpooled.buffer().writeZero(8), false).join())
        .withCauseInstanceOf(Connection.NotSentException.class);
  }

  @Test
  void oneWhoseOpeningIsGivenUpIsClosed() {
    connection.open().completeExceptionally(new InterruptedException());

    await().until(() -> server.connections() == 0 && !connection.isUsable());
  }
}
