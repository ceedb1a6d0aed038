package io.registryetcd.kitex.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.kitex.Framing;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What headers of others may hold beside what ours do. */
class TTHeaderTest {

  private static final String ECHO = "80010001 00000004 6563686f 00000001 00";

  @ParameterizedTest
  @ValueSource(strings = {"00", "03", "04", "10", "11"})
  void theseProtocolsAreTaken(String protocol) throws MalformedMessageException {
    assertThat(header(protocol + "00 0000")).isEqualTo(new TTHeader(0, 1, Map.of(), Map.of()));
  }

  @Test
  void blocksComeInAnyOrderMoreThanOnceAndWithPaddingBetween() throws MalformedMessageException {
    assertThat(
            header(
                "0000"
                    + "10 0001 0002 0001 61"
                    + "00"
                    + "01 0001 0001 62 0001 63"
                    + "10 0001 0003 0001 64"
                    + "01 0001 0001 65 0001 66"
                    + "000000"))
        .isEqualTo(new TTHeader(0, 1, Map.of(2, "a", 3, "d"), Map.of("b", "c", "e", "f")));
  }

  @Test
  void theLastOfEqualKeysCounts() throws MalformedMessageException {
    assertThat(header("0000 01 0002 0001 62 0001 63 0001 62 0001 64 000000").strings())
        .isEqualTo(Map.of("b", "d"));
  }

  @Test
  void blocksMayBeEmpty() throws MalformedMessageException {
    assertThat(header("0000 010000 100000")).isEqualTo(new TTHeader(0, 1, Map.of(), Map.of()));
  }

  @Test
  void theAccessTokenIsAString() throws MalformedMessageException {
    assertThat(header("0000 11 0003 616263").strings())
        .isEqualTo(Map.of("RPC_TRANSIT_gdpr-token", "abc"));
  }

  @Test
  void flagsThatHaveNoMeaningHereAreKept() throws MalformedMessageException {
    Message message = Bytes.message(Bytes.ofHex("0000001f 10000019 00000001 0001 00000000" + ECHO));
    assertThat(message.header().flags()).isEqualTo(0x19);
  }

  @Test
  void itsStringsCanBeAddedTo() {
    TTHeader header = new TTHeader(1, 2, Map.of(22, "2"), Map.of("a", "1", "b", "2"));
    assertThat(header.withStrings(Map.of("b", "3", "c", "4")))
        .isEqualTo(new TTHeader(1, 2, Map.of(22, "2"), Map.of("a", "1", "b", "3", "c", "4")));
  }

  /** Of a message whose header has these blocks. */
  private static TTHeader header(String blocks) throws MalformedMessageException {
    int size = Bytes.ofHex(blocks).length;
    assertThat(size % 4).isZero();
    String rest = "10000000 00000001 %04x".formatted(size / 4) + blocks + ECHO;
    String length = "%08x".formatted(Bytes.ofHex(rest).length);
    Message message = Bytes.message(Bytes.ofHex(length + rest));
    assertThat(message.framing()).isEqualTo(Framing.TTHEADER);
    assertThat(message.payload()).isEqualTo(Bytes.ofHex(ECHO));
    return message.header();
  }
}
