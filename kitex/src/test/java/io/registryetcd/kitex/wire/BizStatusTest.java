package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.kitex.BizStatusException;
import io.registryetcd.kitex.Framing;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BizStatusTest {

  @ParameterizedTest
  @ValueSource(strings = {"ttheader-biz", "kitexpb-biz"})
  void itIsReadAndWrittenAsByKitex(String vector) throws MalformedMessageException {
    Message request = Bytes.message(KitexVectors.request(vector).bytes());
    Message reply = Bytes.message(KitexVectors.reply(vector).bytes());
    assertThat(BizStatus.of(reply))
        .hasValueSatisfying(
            status -> {
              assertThat(status.status()).isEqualTo(1001);
              assertThat(status).hasMessage("biz");
              assertThat(status.extra()).isEqualTo(Map.of("k", "v"));
            });
    assertThat(BizStatus.reply(request, new BizStatusException(1001, "biz", Map.of("k", "v"))))
        .usingRecursiveComparison()
        .isEqualTo(reply);
  }

  @ParameterizedTest
  @ValueSource(strings = {"buffered-ok", "framed-ok", "kitexpb-framed"})
  void withoutHeaderItIsAnException(String vector) throws MalformedMessageException {
    Message request = Bytes.message(KitexVectors.request(vector).bytes());
    Message reply = BizStatus.reply(request, new BizStatusException(1001, "out of stock"));
    assertThat(reply.type()).isEqualTo(Message.Type.EXCEPTION);
    assertThat(ApplicationError.of(reply))
        .isEqualTo(new ApplicationError(6, "biz error: code=1001, msg=out of stock"));
  }

  @Test
  void withoutExtraThereIsNone() throws MalformedMessageException {
    Message request = Bytes.message(KitexVectors.request("ttheader-biz").bytes());
    Message reply = BizStatus.reply(request, new BizStatusException(-1, "negative"));
    assertThat(reply.header().strings())
        .isEqualTo(Map.of("biz-status", "-1", "biz-message", "negative"));
  }

  @Test
  void itsExtraMayHoldAnything() throws MalformedMessageException {
    Message request = Bytes.message(KitexVectors.request("ttheader-biz").bytes());
    Map<String, String> extra = Map.of("\"", "\\\n\u2028<&>", "", "\ud83d\ude00");
    Message reply = BizStatus.reply(request, new BizStatusException(1, "", extra));
    assertThat(BizStatus.of(reply))
        .hasValueSatisfying(status -> assertThat(status.extra()).isEqualTo(extra));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "null", "[]", "{", "{\"a\":1}", "{\"a\":null}", "{} {}", "{a:\"b\"}", "x"})
  void malformedExtraIsIgnored(String extra) {
    assertThat(BizStatus.of(reply(Map.of("biz-status", "5", "biz-extra", extra))))
        .hasValueSatisfying(
            status -> {
              assertThat(status.status()).isEqualTo(5);
              assertThat(status).hasMessage("");
              assertThat(status.extra()).isEmpty();
            });
  }

  @ParameterizedTest
  @CsvSource({"0", "''", "2147483648", "x"})
  void otherStatusIsSuccess(String status) {
    assertThat(BizStatus.of(reply(Map.of("biz-status", status, "biz-message", "x")))).isEmpty();
    assertThat(BizStatus.of(reply(Map.of()))).isEmpty();
  }

  @Test
  void anExceptionWins() throws MalformedMessageException {
    Message exception = Bytes.message(KitexVectors.reply("ttheader-undeclared").bytes());
    assertThat(BizStatus.of(exception.withStrings(Map.of("biz-status", "5")))).isEmpty();
  }

  private static Message reply(Map<String, String> strings) {
    return new Message(
        Framing.TTHEADER_FRAMED,
        Message.Protocol.PROTOBUF,
        TTHeader.EMPTY.withStrings(strings),
        Message.Type.REPLY,
        "Echo",
        1,
        new byte[0]);
  }
}
