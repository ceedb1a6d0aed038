package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.kitex.wire.KitexVectors.Vector;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryInputTransport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Kitex itself puts on the wire. */
class KitexVectorsTest {

  static List<Vector> messages() {
    return KitexVectors.messages();
  }

  @Test
  void everyMessageSaysWhatIsKnownOfIt() throws MalformedMessageException {
    var said = new ArrayList<String>();
    for (Vector vector : messages()) {
      for (Message message : Bytes.messages(vector.bytes(), vector.bytes().length)) {
        said.add(vector + " " + said(message));
      }
    }
    assertThat(String.join("\n", said)).isEqualTo(KitexVectors.expectedMessages());
  }

  private static String said(Message message) {
    TTHeader header = message.header();
    return "%s %s %s %s %d"
            .formatted(
                message.framing(),
                message.protocol(),
                message.type(),
                message.method(),
                message.sequence())
        + (message.framing().hasHeader()
            ? " | %d %d %s %s"
                .formatted(header.flags(), header.sequence(), header.ints(), header.strings())
            : "");
  }

  @ParameterizedTest
  @MethodSource("messages")
  void itsPayloadIsWhatFollowsFramingAndHeader(Vector vector) throws Exception {
    for (Message message : Bytes.messages(vector.bytes(), vector.bytes().length)) {
      assertThat(vector.hex()).contains(HexFormat.of().formatHex(message.payload()));
      if (message.protocol() == Message.Protocol.THRIFT && !vector.id().equals("bad-payload")) {
        assertThat(readByThrift(message.payload()))
            .isEqualTo(
                new TMessage(message.method(), (byte) message.type().number(), message.sequence()));
      }
    }
  }

  /** The envelope, if a struct and nothing else follows. */
  private static TMessage readByThrift(byte[] payload) throws TException {
    var in = new TMemoryInputTransport(payload);
    var protocol = new TBinaryProtocol(in, true, true);
    TMessage envelope = protocol.readMessageBegin();
    TProtocolUtil.skip(protocol, TType.STRUCT);
    assertThat(in.getBytesRemainingInBuffer()).isZero();
    return envelope;
  }

  @ParameterizedTest
  @MethodSource("messages")
  void itIsTheSameWhereverItsBytesAreCut(Vector vector) throws MalformedMessageException {
    byte[] bytes = vector.bytes();
    List<Message> whole = Bytes.messages(bytes, bytes.length);
    assertSame(Bytes.messages(bytes, 1), whole);
    for (int at = 1; at < bytes.length; at++) {
      assertSame(Bytes.messagesSplit(bytes, at), whole);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 100_000})
  void allFollowOneAnotherOnOneConnection(int pieceSize) throws MalformedMessageException {
    var expected = new ArrayList<Message>();
    var connection = new ByteArrayOutputStream();
    for (Vector vector : messages()) {
      expected.addAll(Bytes.messages(vector.bytes(), vector.bytes().length));
      connection.writeBytes(vector.bytes());
    }
    assertSame(Bytes.messages(connection.toByteArray(), pieceSize), expected);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void itIsTheSameAfterEncodingAndDecoding(Vector vector) throws MalformedMessageException {
    for (Message message : Bytes.messages(vector.bytes(), vector.bytes().length)) {
      assertSame(List.of(Bytes.message(Bytes.of(message))), List.of(message));
    }
  }

  @Test
  void withoutHeaderItIsEncodedByteForByteAsByKitex() throws MalformedMessageException {
    for (String id : List.of("buffered-ok", "framed-ok", "kitexpb-framed")) {
      byte[] reply = KitexVectors.reply(id).bytes();
      assertThat(Bytes.of(Bytes.message(reply))).isEqualTo(reply);
    }
  }

  @Test
  void theSmallestHeaderIsEncodedAsByKitex() throws MalformedMessageException {
    byte[] reply = KitexVectors.reply("ttheader-min").bytes();
    assertThat(Bytes.of(Bytes.message(reply))).isEqualTo(reply);
  }

  @Test
  void theFramesOfAStreamAreRecognized() {
    for (Vector frame : KitexVectors.all()) {
      if (frame.id().equals("ttstream-open")) {
        assertThatThrownBy(() -> Bytes.messages(frame.bytes(), frame.bytes().length))
            .isInstanceOfSatisfying(
                MalformedMessageException.class,
                e -> assertThat(e.kind()).isEqualTo(MalformedMessageException.Kind.STREAMING));
      }
    }
  }

  private static void assertSame(List<Message> actual, List<Message> expected) {
    assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
  }
}
