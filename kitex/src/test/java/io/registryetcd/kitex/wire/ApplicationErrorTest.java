package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.kitex.Framing;
import java.util.HexFormat;
import java.util.Map;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TMemoryBuffer;
import org.apache.thrift.transport.TMemoryInputTransport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApplicationErrorTest {

  @ParameterizedTest
  @CsvSource({
    "framed-undeclared, 6, biz error: boom",
    "framed-unknown-method, 20, 'unknown service , method nosuch'",
    "ttheader-undeclared, 6, biz error: boom",
    "ttheader-unknown-method, 1, unknown method nosuch (service Hello)",
    "ttheader-unknown-service, 20, 'unknown service Nope, method echo'",
    "bad-payload, 7, '*api.HelloEchoArgs field 1 skip type 99 error: buffer too short'",
    "kitexpb-undeclared, 6, biz error: boom",
    "kitexpb-unknown-method, 20, 'unknown service , method Nope'"
  })
  void itIsReadAndWrittenAsByKitex(String vector, int code, String text) throws Exception {
    Message request = Bytes.message(KitexVectors.request(vector).bytes());
    Message reply = Bytes.message(KitexVectors.reply(vector).bytes());
    var error = new ApplicationError(code, text);
    assertThat(ApplicationError.of(reply)).isEqualTo(error);
    assertThat(ApplicationError.exception(request, error))
        .usingRecursiveComparison()
        .isEqualTo(reply);
  }

  @Test
  void itIsReadByThrift() throws Exception {
    Message request = Bytes.message(KitexVectors.request("buffered-ok").bytes());
    Message exception = ApplicationError.exception(request, new ApplicationError(7, "größer"));
    var in = new TBinaryProtocol(new TMemoryInputTransport(exception.payload()), true, true);
    in.readMessageBegin();
    TApplicationException read = TApplicationException.readFrom(in);
    assertThat(read.getType()).isEqualTo(7);
    assertThat(read).hasMessage("größer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no such method"})
  void itIsWrittenByThrift(String text) throws Exception {
    var bytes = new TMemoryBuffer(32);
    var out = new TBinaryProtocol(bytes);
    new TApplicationException(TApplicationException.UNKNOWN_METHOD, text).write(out);
    assertThat(ApplicationError.of(thrift(hex(bytes)))).isEqualTo(new ApplicationError(1, text));
  }

  @Test
  void itsTextMayBeMissing() throws Exception {
    var bytes = new TMemoryBuffer(32);
    new TApplicationException(TApplicationException.BAD_SEQUENCE_ID)
        .write(new TBinaryProtocol(bytes));
    assertThat(ApplicationError.of(thrift(hex(bytes)))).isEqualTo(new ApplicationError(4, ""));
    assertThat(ApplicationError.of(protobuf("0806"))).isEqualTo(new ApplicationError(6, ""));
  }

  @Test
  void itsCodeMayBeMissing() {
    assertThat(ApplicationError.of(thrift("0b 0001 00000001 78 00")))
        .isEqualTo(new ApplicationError(0, "x"));
    assertThat(ApplicationError.of(protobuf("120178"))).isEqualTo(new ApplicationError(0, "x"));
    assertThat(ApplicationError.of(thrift("00"))).isEqualTo(new ApplicationError(0, ""));
    assertThat(ApplicationError.of(protobuf(""))).isEqualTo(new ApplicationError(0, ""));
  }

  @Test
  void fieldsOfAnotherTypeOrNumberAreSkipped() {
    assertThat(
            ApplicationError.of(
                thrift(
                    "08 0001 00000009"
                        + "0c 0003 02 0001 01 00"
                        + "0f 0002 08 00000001 00000008"
                        + "08 0002 00000006 00")))
        .isEqualTo(new ApplicationError(6, ""));
    assertThat(ApplicationError.of(protobuf("0a0178 1001 1a0179 0807")))
        .isEqualTo(new ApplicationError(7, ""));
  }

  @Test
  void oneThatCannotBeReadIsAProtocolError() {
    assertThat(ApplicationError.of(thrift("0b 0001 0000")))
        .isEqualTo(
            new ApplicationError(
                7,
                "an exception that cannot be read: payload: ends too early (expected: a whole struct)"));
    assertThat(ApplicationError.of(thrift("63 0001 00")))
        .isEqualTo(
            new ApplicationError(
                7,
                "an exception that cannot be read: payload: type 99 (expected: a type of Thrift,"
                    + " 2 to 16)"));
    assertThat(ApplicationError.of(protobuf("1205")))
        .satisfies(error -> assertThat(error.code()).isEqualTo(7))
        .satisfies(
            error -> assertThat(error.message()).startsWith("an exception that cannot be read: "));
  }

  @Test
  void inProtobufAnUnknownMethodIsAnsweredWithTheHeadersSequence() throws Exception {
    Message request = protobufRequest(new TTHeader(0, 5, Map.of(), Map.of()));
    Message exception = ApplicationError.exception(request, new ApplicationError(1, ""));
    assertThat(exception.sequence()).isEqualTo(5);
    assertThat(exception.header().sequence()).isEqualTo(5);
    assertThat(ApplicationError.exception(request, new ApplicationError(6, "")).sequence())
        .isEqualTo(9);
  }

  private static Message protobufRequest(TTHeader header) {
    return new Message(
        Framing.TTHEADER_FRAMED,
        Message.Protocol.PROTOBUF,
        header,
        Message.Type.CALL,
        "Echo",
        9,
        new byte[0]);
  }

  private static Message thrift(String struct) {
    return Message.ofThrift(
        Framing.FRAMED,
        TTHeader.EMPTY,
        Bytes.ofHex("80010003 00000004 6563686f 00000001" + struct));
  }

  private static Message protobuf(String payload) {
    return new Message(
        Framing.FRAMED,
        Message.Protocol.PROTOBUF,
        TTHeader.EMPTY,
        Message.Type.EXCEPTION,
        "Echo",
        1,
        Bytes.ofHex(payload));
  }

  private static String hex(TMemoryBuffer bytes) {
    return HexFormat.of().formatHex(bytes.getArray(), 0, bytes.length());
  }
}
