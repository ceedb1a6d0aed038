package io.registryetcd.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.Instance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every value in {@code layout/go-values.tsv}, with what Go's encoding/json made of it. */
class GoValuesTest {

  private static final String VALID =
      "{\"network\":\"tcp\",\"address\":\"10.0.0.5:8888\",\"tags\":";

  record Row(List<String> columns) {

    static Row parse(String line) {
      return new Row(List.of(line.split("\t", -1)));
    }

    boolean isReadByGo() {
      return columns.get(0).equals("ok");
    }

    String ours() {
      return columns.get(1);
    }

    byte[] value() {
      return unescaped(columns.get(2));
    }

    String text(int column) {
      return new String(unescaped(columns.get(column)), StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
      return String.join(" ", columns.subList(0, 3));
    }
  }

  static Stream<Row> rows() throws IOException {
    try (InputStream in = GoValuesTest.class.getResourceAsStream("/layout/go-values.tsv")) {
      String table = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return table.lines().filter(line -> !line.startsWith("#")).map(Row::parse);
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void readsWhatGoReads(Row row) throws Exception {
    if (!row.isReadByGo() || row.ours().equals("stricter")) {
      assertThatThrownBy(() -> Layout.kitex().decode(row.value()))
          .isInstanceOf(MalformedInstanceException.class)
          .message()
          .contains("(expected: ")
          .doesNotContain("\n", "\r", "\u202e")
          .hasSizeLessThan(400);
      return;
    }
    Instance instance = Layout.kitex().decode(row.value());
    assertThat(instance.network()).isEqualTo(row.text(3));
    assertThat(instance.address()).isEqualTo(canonical(row.text(4)));
    long weight = Long.parseLong(row.text(5));
    assertThat((long) instance.weight())
        .isEqualTo(Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, weight)));
    assertThat(weight != instance.weight()).isEqualTo(row.ours().equals("clamped"));
    String goTags = VALID + row.text(6) + "}";
    assertThat(instance.tags())
        .isEqualTo(Layout.kitex().decode(goTags.getBytes(StandardCharsets.UTF_8)).tags());
  }

  private static String canonical(String address) {
    return address.startsWith("/") ? address : HostPort.parse(address).toString();
  }

  private static byte[] unescaped(String text) {
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '%') {
        bytes.write(Integer.parseInt(text.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(text.charAt(i));
      }
    }
    return bytes.toByteArray();
  }
}
