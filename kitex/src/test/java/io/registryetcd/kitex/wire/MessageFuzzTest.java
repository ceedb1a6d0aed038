package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;

/** Replays its corpus in a normal run, and looks for new input with {@code JAZZER_FUZZ=1}. */
@Tag("fuzz")
class MessageFuzzTest {

  private static final int MAX_FRAME_BYTES = 1024;
  private static final int LENGTH_BYTES = 4;
  private static final int MAX_MESH_HEADER_BYTES = LENGTH_BYTES + 0xffff;

  @FuzzTest(maxDuration = "1m")
  void decode(byte[] bytes) throws MalformedMessageException {
    Received whole = received(bytes, Math.max(1, bytes.length));
    for (int pieceSize : new int[] {1, 7}) {
      assertThat(received(bytes, pieceSize).facts()).isEqualTo(whole.facts());
    }
    for (Message message : whole.messages()) {
      assertThat(facts(Bytes.message(Bytes.of(message)))).isEqualTo(facts(message));
      assertAnswerable(message);
    }
    if (whole.refusal() != null) {
      assertThat(whole.refusal()).hasMessageContaining("(expected: ");
      if (whole.refusal().envelope().isPresent()) {
        assertAnswerable(whole.refusal().envelope().get());
      }
    }
  }

  /** Whatever its payload and header are. */
  private static void assertAnswerable(Message request) throws MalformedMessageException {
    var error = new ApplicationError(ApplicationError.PROTOCOL_ERROR, "unreadable");
    Message answer = Bytes.message(Bytes.of(ApplicationError.exception(request, error)));
    assertThat(answer.method()).isEqualTo(request.method());
    assertThat(ApplicationError.of(answer)).isEqualTo(error);
    if (request.payload().length > 0) {
      assertThat(ApplicationError.of(request)).isNotNull();
    }
    assertThat(BizStatus.of(request)).isNotNull();
  }

  /** What bytes become that arrive in pieces. */
  private static Received received(byte[] bytes, int pieceSize) {
    var connection = new Bytes.Connection(MAX_FRAME_BYTES);
    try {
      for (int from = 0; from < bytes.length; from += pieceSize) {
        connection.receive(bytes, from, Math.min(bytes.length, from + pieceSize));
        assertHoldsNoMoreThanAFrame(connection.unread());
      }
    } catch (MalformedMessageException e) {
      return new Received(connection.messages, e);
    }
    return new Received(connection.messages, null);
  }

  private static void assertHoldsNoMoreThanAFrame(ByteBuf unread) {
    boolean mesh = unread.readableBytes() > 1 && unread.getUnsignedShort(0) == 0xffaf;
    assertThat(unread.readableBytes())
        .isLessThan(LENGTH_BYTES + MAX_FRAME_BYTES + (mesh ? MAX_MESH_HEADER_BYTES : 0));
  }

  private record Received(List<Message> messages, @Nullable MalformedMessageException refusal) {

    List<Object> facts() {
      List<Object> facts = new ArrayList<>();
      messages.forEach(message -> facts.add(MessageFuzzTest.facts(message)));
      if (refusal != null) {
        facts.add(refusal.kind());
        facts.add(refusal.toString());
        facts.add(refusal.envelope().map(MessageFuzzTest::facts));
      }
      return facts;
    }
  }

  /** Equal if the messages are. */
  private static List<Object> facts(Message message) {
    return List.of(
        message.framing(),
        message.protocol(),
        message.header(),
        message.type(),
        message.method(),
        message.sequence(),
        ByteBuffer.wrap(message.payload()));
  }
}
