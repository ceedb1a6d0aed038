package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.kitex.Framing;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "buffered-ok", "framed-ok", "framed-undeclared", "ttheader-ok", "ttheaderframed-ok",
        "ttheader-undeclared", "header-seq-differs", "kitexpb-ok", "kitexpb-framed", "mux-ok"
      })
  void aReplyIsFramedAsItsRequestAndTellsSequenceAndType(String vector)
      throws MalformedMessageException {
    Message request = Bytes.message(KitexVectors.request(vector).bytes());
    Message reply = Bytes.message(KitexVectors.reply(vector).bytes());
    assertThat(request.reply(reply.payload())).usingRecursiveComparison().isEqualTo(reply);
  }

  @Test
  void metadataIsAddedToTheReply() throws MalformedMessageException {
    Message request = Bytes.message(KitexVectors.request("ttheader-metainfo").bytes());
    Message reply = Bytes.message(KitexVectors.reply("ttheader-metainfo").bytes());
    assertThat(request.reply(reply.payload()).withStrings(Map.of("BK", "bv")))
        .usingRecursiveComparison()
        .isEqualTo(reply);
  }

  @Test
  void withoutHeaderMetadataIsLost() throws MalformedMessageException {
    Message message = Bytes.message(KitexVectors.reply("framed-ok").bytes());
    assertThat(message.withStrings(Map.of("BK", "bv"))).isSameAs(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                    | payload: 0 bytes (expected: at least 12)
          00000004 6563686f 01 00000001 00      | payload: begins with 00000004 (expected: 8001, Thrift's strict binary protocol)
          80010007 00000004 6563686f 00000001   | message type: 7 (expected: 1 for a call, 2 for a reply, 3 for an exception or 4 for oneway)
          80010001 00000005 6563686f 00000001   | method: 5 bytes (expected: at most 4)
          """)
  void aThriftPayloadBeginsWithAnEnvelope(String hex, String text) {
    assertThatThrownBy(() -> Message.ofThrift(Framing.FRAMED, TTHeader.EMPTY, Bytes.ofHex(hex)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(text);
  }
}
