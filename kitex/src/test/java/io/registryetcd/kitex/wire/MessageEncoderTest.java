package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.Framing;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class MessageEncoderTest {

  private static final byte[] ECHO =
      Bytes.ofHex("80010001 00000004 6563686f 00000009 0c00010b00010000000268690000");
  private static final TTHeader HEADER =
      new TTHeader(
          TTHeader.OUT_OF_ORDER,
          -5,
          Map.of(TTHeader.LOG_ID, "id", 0xffff, "last"),
          Map.of("isn", "Hello", "", "", "größe", "\ud83d\ude00"));

  static List<Message> messages() {
    var messages = new ArrayList<Message>();
    for (Framing framing : Framing.values()) {
      TTHeader header = framing.hasHeader() ? HEADER : TTHeader.EMPTY;
      messages.add(Message.ofThrift(framing, header, ECHO));
    }
    for (Message.Type type : Message.Type.values()) {
      messages.add(protobuf(Framing.FRAMED, TTHeader.EMPTY, type, new byte[] {8, 1}));
      messages.add(protobuf(Framing.TTHEADER_FRAMED, HEADER, type, new byte[0]));
    }
    return messages;
  }

  private static Message protobuf(
      Framing framing, TTHeader header, Message.Type type, byte[] payload) {
    return new Message(
        framing, Message.Protocol.PROTOBUF, header, type, "Größe", 0x80000000, payload);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void whatIsEncodedIsDecoded(Message message) throws MalformedMessageException {
    assertThat(Bytes.message(Bytes.of(message))).usingRecursiveComparison().isEqualTo(message);
  }

  @Test
  void messagesFollowOneAnother() throws MalformedMessageException {
    ByteBuf out = Unpooled.buffer();
    messages().forEach(message -> MessageEncoder.encode(message, out));
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes);
    assertThat(Bytes.messages(bytes, bytes.length))
        .usingRecursiveComparison()
        .isEqualTo(messages());
  }

  @Test
  void aHeaderIsWrittenInOrderAndPadded() {
    var header =
        new TTHeader(
            TTHeader.OUT_OF_ORDER, 3, Map.of(22, "1", 2, "log"), Map.of("isn", "Hello", "b", ""));
    assertThat(HexFormat.of().formatHex(Bytes.of(Message.ofThrift(Framing.TTHEADER, header, ECHO))))
        .isEqualTo(
            HexFormat.of()
                .formatHex(
                    Bytes.ofHex(
                        "00000050 1000 0001 00000003 000a 00 00"
                            + "01 0002 0001 62 0000 0003 69736e 0005 48656c6c6f"
                            + "10 0002 0002 0003 6c6f67 0016 0001 31 000000"
                            + "80010001 00000004 6563686f 00000009"
                            + "0c00010b00010000000268690000")));
  }

  @Test
  void halfASurrogatePairIsAQuestionMark() throws MalformedMessageException {
    Message message = withStrings(Map.of("a", "\ud83d!"));
    assertThat(Bytes.message(Bytes.of(message)).header().strings()).isEqualTo(Map.of("a", "?!"));
  }

  @ParameterizedTest
  @EnumSource(names = {"BUFFERED", "TTHEADER"})
  void protobufNeedsAFrame(Framing framing) {
    Message message = protobuf(framing, TTHeader.EMPTY, Message.Type.CALL, new byte[0]);
    assertRefused(
        message,
        "framing: " + framing + " (expected: FRAMED or TTHEADER_FRAMED for Kitex-Protobuf)");
  }

  @Test
  void aHeaderHasAtMost262140Bytes() throws MalformedMessageException {
    var strings = new TreeMap<String, String>();
    for (String key : List.of("a", "b", "c")) {
      strings.put(key, "x".repeat(65_535));
    }
    // what is left behind: protocol, transforms, the block's 3 bytes, and 5 for each string
    strings.put("d", "x".repeat(262_140 - 3 * 65_535 - 5 - 4 * 5));
    Message largest = withStrings(strings);
    assertThat(Bytes.message(Bytes.of(largest))).usingRecursiveComparison().isEqualTo(largest);

    strings.put("e", "");
    assertRefused(withStrings(strings), "header: 262148 bytes (expected: at most 262140)");
  }

  @Test
  void aStringHasAtMost65535Bytes() {
    assertRefused(
        withStrings(Map.of("a", "ß".repeat(32_768))),
        "header: 65536 bytes under a (expected: at most 65535)");
    assertRefused(
        Message.ofThrift(
            Framing.TTHEADER, new TTHeader(0, 1, Map.of(2, "x".repeat(65_536)), Map.of()), ECHO),
        "header: 65536 bytes under 2 (expected: at most 65535)");
  }

  @Test
  void numbersHave16Bits() {
    for (int key : new int[] {-1, 65_536}) {
      assertRefused(
          Message.ofThrift(Framing.TTHEADER, new TTHeader(0, 1, Map.of(key, ""), Map.of()), ECHO),
          "header: key " + key + " (expected: 0 to 65535)");
    }
  }

  private static Message withStrings(Map<String, String> strings) {
    return Message.ofThrift(Framing.TTHEADER, TTHeader.EMPTY.withStrings(strings), ECHO);
  }

  private static void assertRefused(Message message, String text) {
    ByteBuf out = Unpooled.buffer().writeByte(1);
    assertThatThrownBy(() -> MessageEncoder.encode(message, out))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(text);
    assertThat(out.readableBytes()).as("nothing is appended").isOne();
  }
}
