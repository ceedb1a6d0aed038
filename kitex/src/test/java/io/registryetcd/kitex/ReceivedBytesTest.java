package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.registryetcd.kitex.wire.MalformedMessageException;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes as they arrive, and the messages in them. */
class ReceivedBytesTest {

  private static final int MESSAGES = 10_000;
  private static final int ROOM = 4096;

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
  private final ReceivedBytes received = new ReceivedBytes(1024);

  /** Each read ends somewhere inside a message, so there is always something left. */
  @ParameterizedTest
  @EnumSource
  void whatWasTakenIsDroppedEvenIfSomeIsAlwaysLeft(Framing framing)
      throws MalformedMessageException {
    byte[] rest = {};
    for (int i = 1; i <= MESSAGES; i++) {
      byte[] message = RawConnection.bytes(Requests.echo(framing, i, "text"));
      int cut = 1 + i % (message.length - 1);
      add(rest, Arrays.copyOf(message, cut));
      if (i > 1) {
        assertNext(i - 1);
      }
      assertThat(received.next()).isNull();
      assertThat(allocator.metric().usedHeapMemory()).isLessThan(ROOM);
      rest = Arrays.copyOfRange(message, cut, message.length);
    }
    add(rest);
    assertNext(MESSAGES);
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  private void add(byte[]... parts) {
    var read = allocator.heapBuffer();
    for (byte[] part : parts) {
      read.writeBytes(part);
    }
    received.add(read, allocator);
  }

  private void assertNext(int sequence) throws MalformedMessageException {
    var message = Objects.requireNonNull(received.next());
    assertThat(message.sequence()).isEqualTo(sequence);
    assertThat(message.method()).isEqualTo("echo");
  }
}
