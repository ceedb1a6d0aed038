package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections on which nothing happens, on a clock of the test. */
class KitexServerIdleTest {

  private final Queue<Runnable> calls = new ArrayDeque<>();
  private final EmbeddedChannel connection =
      EmbeddedConnection.to(TextProcessor.hello("s"), calls::add);

  @AfterEach
  void close() {
    connection.finishAndReleaseAll();
  }

  private void pass(Duration time) {
    connection.advanceTimeBy(time.toSeconds(), TimeUnit.SECONDS);
    connection.runScheduledPendingTasks();
  }

  private void receive(byte[] bytes) {
    connection.writeInbound(Unpooled.wrappedBuffer(bytes));
  }

  @Test
  void aSilentConnectionIsClosedAfterItsTime() {
    try (var log = LogLines.capture()) {
      pass(Duration.ofSeconds(179));
      assertThat(connection.isActive()).isTrue();

      pass(Duration.ofSeconds(1));
      assertThat(connection.isActive()).isFalse();
      assertThat(log.containing("idle for PT3M")).hasSize(1);
    }
  }

  @Test
  void eachCallBeginsTheTimeAnew() {
    for (int i = 1; i <= 3; i++) {
      pass(Duration.ofSeconds(170));
      receive(RawConnection.bytes(Requests.echo(Framing.FRAMED, i, "hi")));
      calls.remove().run();
    }
    assertThat(connection.isActive()).isTrue();
  }

  @Test
  void aCallUnderWayIsNotIdle() {
    receive(RawConnection.bytes(Requests.echo(Framing.FRAMED, 1, "hi")));
    pass(Duration.ofMinutes(10));
    assertThat(connection.isActive()).isTrue();

    calls.remove().run();
    ByteBuf reply = connection.readOutbound();
    assertThat(reply.isReadable()).isTrue();
    reply.release();
  }

  @Test
  void aHalfMessageHasFiveSeconds() {
    byte[] request = RawConnection.bytes(Requests.echo(Framing.FRAMED, 1, "hi"));
    receive(Arrays.copyOf(request, 20));
    pass(Duration.ofSeconds(4));
    assertThat(connection.isActive()).isTrue();

    pass(Duration.ofSeconds(1));
    assertThat(connection.isActive()).isFalse();
  }
}
