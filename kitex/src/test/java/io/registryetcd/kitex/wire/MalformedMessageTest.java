package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.registryetcd.kitex.Framing;
import io.registryetcd.kitex.wire.MalformedMessageException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, and what the user reads then. */
class MalformedMessageTest {

  private static final Map<String, String> WORDS =
      Map.of(
          "$MESSAGE", "a message of Thrift's strict binary protocol or of Kitex-Protobuf",
          "$TYPE", "1 for a call, 2 for a reply, 3 for an exception or 4 for oneway",
          "$LIMIT", "which maxFrameBytes can raise");
  private static final String ECHO = "00000004 6563686f 00000001 ";

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          an HTTP request                | 474554202f204854                   | first bytes: 474554202f204854 (expected: $MESSAGE)
          a TLS handshake                | 16030100c8010000                   | first bytes: 16030100c8010000 (expected: $MESSAGE)
          Thrift before strict           | 00000004 6563686f 01 00000001 00   | first bytes: 000000046563686f (expected: $MESSAGE)
          Thrift before strict, framed   | 0000000e 00000004 6563686f 01      | first bytes: 0000000e00000004 (expected: $MESSAGE)
          Thrift's compact protocol      | 82210104 6563686f                  | first bytes: 822101046563686f (expected: $MESSAGE)
          Thrift's own header            | 00000020 0fff0000                  | first bytes: 000000200fff0000 (expected: $MESSAGE)
          Kitex-Protobuf without a frame | 90010001 00000004                  | first bytes: 9001000100000004 (expected: $MESSAGE)
          type 0                         | 80010000 $ECHO 00                  | message type: 0 (expected: $TYPE)
          type 5                         | 00000011 80010005 $ECHO 00         | message type: 5 (expected: $TYPE)
          type 0 of protobuf             | 00000010 90010000 $ECHO            | message type: 0 (expected: $TYPE)
          a byte set that has no meaning | 80010101 $ECHO 00                  | message type: 257 (expected: $TYPE)
          a large frame                  | 7fffffff 80010001                  | frame: 2147483647 bytes (expected: at most 16777216, $LIMIT)
          a frame one byte too large     | 01000001 80010001                  | frame: 16777217 bytes (expected: at most 16777216, $LIMIT)
          a large frame of protobuf      | ffffffff 90010001                  | frame: 4294967295 bytes (expected: at most 16777216, $LIMIT)
          a small frame                  | 0000000b 80010001 00000000 000000  | payload: 11 bytes (expected: at least 12)
          an empty frame                 | 00000000 80010001                  | payload: 0 bytes (expected: at least 12)
          a method beyond the frame      | 00000011 80010001 00000006 6563686f 00000001 00 | method: 6 bytes (expected: at most 5)
          a method of negative length    | 00000011 80010001 ffffffff 6563686f 00000001 00 | method: 4294967295 bytes (expected: at most 5)
          the same, buffered             | 80010001 ffffffff                  | method: 4294967295 bytes (expected: at most 16777204)
          a large LENGTH                 | 01000001 10000000                  | frame: 16777217 bytes (expected: at most 16777216, $LIMIT)
          LENGTH without a header        | 0000000d 10000000 00000000 0000000000 | frame: 13 bytes (expected: at least 14, a header)
          a header without a size        | 0000001d 10000000 00000001 0000 80010001 $ECHO 00 0000 | header size: 0 (expected: 4 to 19, by LENGTH)
          a header beyond LENGTH         | 0000000e 10000000 00000001 0002 00000000 | header size: 8 (expected: 4 to 4, by LENGTH)
          an unknown protocol            | 0000001f 10000000 00000001 0001 02000000 80010001 $ECHO 00 | header protocol: 2 (expected: 0, 3, 4, 16 or 17)
          a transform                    | 0000001f 10000000 00000001 0001 00010100 80010001 $ECHO 00 | header transforms: 1 (expected: 0)
          an unknown block               | 0000001f 10000000 00000001 0001 00000200 80010001 $ECHO 00 | header block: 2 (expected: 0, 1, 16 or 17)
          a block without a size         | 0000001f 10000000 00000001 0001 00000001 80010001 $ECHO 00 | header block: 2 bytes (expected: at most 0, to the header's end)
          strings beyond the header      | 00000023 10000000 00000001 0002 00000100 01000200 80010001 $ECHO 00 | header block: 2 bytes (expected: at most 1, to the header's end)
          numbers beyond the header      | 00000023 10000000 00000001 0002 00001000 01001600 80010001 $ECHO 00 | header block: 2 bytes (expected: at most 1, to the header's end)
          a token beyond the header      | 00000023 10000000 00000001 0002 00001100 04616263 80010001 $ECHO 00 | header block: 4 bytes (expected: at most 3, to the header's end)
          no payload                     | 0000000e 10000000 00000001 0001 00000000 | payload: 0 bytes (expected: at least 12)
          a header in a header           | 0000001f 10000000 00000001 0001 00000000 00000000 10000000 0000000000000000 00 | first bytes: 0000000010000000 (expected: $MESSAGE)
          a frame shorter than LENGTH    | 00000023 10000000 00000001 0001 00000000 00000010 80010001 $ECHO 00 | frame: 16 bytes (expected: 17, by the header's LENGTH)
          a frame longer than LENGTH     | 00000023 10000000 00000001 0001 00000000 00000012 80010001 $ECHO 00 | frame: 18 bytes (expected: 17, by the header's LENGTH)
          a small frame behind a header  | 0000001a 10000000 00000001 0001 00000000 00000008 80010001 00000000 | payload: 8 bytes (expected: at least 12)
          a TTHeader behind a MeshHeader | ffaf0002 0000 00000020 10000000    | first bytes: 0000002010000000 (expected: $MESSAGE)
          """)
  void isRefusedWithAClearText(String what, String hex, String text) {
    MalformedMessageException e = refusal(hex.replace("$ECHO", ECHO));
    assertThat(e).hasMessage(spelledOut(text));
    assertThat(e.kind()).isEqualTo(Kind.MALFORMED);
    assertThat(e.envelope()).isEmpty();
  }

  private static String spelledOut(String text) {
    String spelled = text;
    for (Map.Entry<String, String> word : WORDS.entrySet()) {
      spelled = spelled.replace(word.getKey(), word.getValue());
    }
    return spelled;
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a field of unknown type        | 63 0001                   | payload: type 99 (expected: a type of Thrift, 2 to 16)
          a field of negative type       | ff 0001                   | payload: type -1 (expected: a type of Thrift, 2 to 16)
          void                           | 01 0001                   | payload: type 1 (expected: a type of Thrift, 2 to 16)
          elements of unknown type       | 0f 0001 63 00000001       | payload: type 99 (expected: a type of Thrift, 2 to 16)
          elements without a type        | 0f 0001 00 7fffffff       | payload: type 0 (expected: a type of Thrift, 2 to 16)
          a string of negative length    | 0b 0001 ffffffff          | payload: -1 more bytes (expected: 0 to 16777193, up to maxFrameBytes)
          a string that is too large     | 0b 0001 00ffffea          | payload: 16777194 more bytes (expected: 0 to 16777193, up to maxFrameBytes)
          a list of negative size        | 0f 0001 0a ffffffff       | payload: -8 more bytes (expected: 0 to 16777192, up to maxFrameBytes)
          a list that is too large       | 0f 0001 08 7fffffff       | payload: 8589934588 more bytes (expected: 0 to 16777192, up to maxFrameBytes)
          a list of 2^31 - 1 booleans    | 0f 0001 02 7fffffff       | payload: 2147483647 more bytes (expected: 0 to 16777192, up to maxFrameBytes)
          a set of 2^31 - 1 structs      | 0e 0001 0c 7fffffff       | payload: 2147483647 more bytes (expected: 0 to 16777192, up to maxFrameBytes)
          a map of 2^31 - 1 entries      | 0d 0001 02 0c 7fffffff    | payload: 4294967294 more bytes (expected: 0 to 16777191, up to maxFrameBytes)
          a map of negative size         | 0d 0001 02 0c ffffffff    | payload: -2 more bytes (expected: 0 to 16777191, up to maxFrameBytes)
          """)
  void aBufferedMessageIsRefusedWithItsEnvelopeSoThatItCanBeAnswered(
      String what, String struct, String text) {
    MalformedMessageException e = refusal("80010001" + ECHO + struct);
    assertThat(e).hasMessage(text);
    assertThat(e.kind()).isEqualTo(Kind.MALFORMED);
    assertThat(e.envelope())
        .hasValueSatisfying(
            envelope -> {
              assertThat(envelope.framing()).isEqualTo(Framing.BUFFERED);
              assertThat(envelope.protocol()).isEqualTo(Message.Protocol.THRIFT);
              assertThat(envelope.type()).isEqualTo(Message.Type.CALL);
              assertThat(envelope.method()).isEqualTo("echo");
              assertThat(envelope.sequence()).isEqualTo(1);
              assertThat(envelope.payload()).isEmpty();
            });
  }

  @ParameterizedTest
  @CsvSource({
    "buffered-ok, 0",
    "framed-ok, 4",
    "ttheader-ok, 4",
    "ttheaderframed-ok, 4",
    "kitexpb-ok, 4",
    "kitexpb-framed, 4"
  })
  void theLimitHoldsForWhatALengthSaysAndForABufferedMessage(String vector, int lengthBytes)
      throws MalformedMessageException {
    byte[] bytes = KitexVectors.request(vector).bytes();
    int size = bytes.length - lengthBytes;

    var connection = new Bytes.Connection(size);
    connection.receive(bytes, 0, bytes.length);
    assertThat(connection.messages).hasSize(1);

    var smaller = new Bytes.Connection(size - 1);
    assertThatThrownBy(() -> smaller.receive(bytes, 0, bytes.length))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("maxFrameBytes");
  }

  @Test
  void aFramedMessageWithABadStructIsAMessage() throws MalformedMessageException {
    Message message = Bytes.message(KitexVectors.request("bad-payload").bytes());
    assertThat(message.method()).isEqualTo("echo");
    assertThat(message.payload()).hasSize(0x13);
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 24})
  void grpcIsRecognizedByItsPreface(int length) {
    String preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".substring(0, length);
    MalformedMessageException e =
        refusal(HexFormat.of().formatHex(preface.getBytes(StandardCharsets.US_ASCII)));
    assertThat(e.kind()).isEqualTo(Kind.GRPC);
    assertThat(e)
        .hasMessage(
            "protocol: gRPC (expected: Thrift or Kitex-Protobuf; serve gRPC on a port of its own,"
                + " with grpc-java and GrpcRegistration)");
  }

  @Test
  void streamingIsRecognizedByItsFlagBeforeItsFrameIsComplete() {
    MalformedMessageException e = refusal("0000002a 10000002");
    assertThat(e.kind()).isEqualTo(Kind.STREAMING);
    assertThat(e)
        .hasMessage(
            "protocol: TTHeader streaming (expected: calls with one request and one reply; for"
                + " streams use gRPC)");
  }

  @Test
  void messagesBeforeItAreRead() throws MalformedMessageException {
    var connection = new Bytes.Connection();
    byte[] bytes =
        Bytes.ofHex(KitexVectors.request("framed-ok").hex() + "474554202f20485454502f312e31");
    assertThat(
            catchThrowableOfType(
                MalformedMessageException.class, () -> connection.receive(bytes, 0, bytes.length)))
        .isNotNull();
    assertThat(connection.messages).extracting(Message::method).isEqualTo(List.of("echo"));
  }

  private static MalformedMessageException refusal(String hex) {
    byte[] bytes = Bytes.ofHex(hex);
    MalformedMessageException e =
        catchThrowableOfType(
            MalformedMessageException.class, () -> Bytes.messages(bytes, bytes.length));
    assertThat(e).as("nothing was refused").isNotNull();
    assertThat(
            catchThrowableOfType(MalformedMessageException.class, () -> Bytes.messages(bytes, 1)))
        .hasMessage(e.getMessage());
    return e;
  }
}
