package io.registryetcd.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.Instance;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayoutTest {

  private static final Instance INSTANCE = Instance.of("10.0.0.5", 8888);

  @Test
  void kitexKeysAreThoseOfTheGoRegistry() {
    assertThat(Layout.kitex().range("Hello")).isEqualTo("kitex/registry-etcd/Hello/");
    assertThat(Layout.kitex().key("Hello", INSTANCE))
        .isEqualTo("kitex/registry-etcd/Hello/10.0.0.5:8888");
    assertThat(Layout.kitex().environmentPrefix()).isEqualTo("KITEX");
  }

  @Test
  void anEmptyPrefixLeavesALeadingSlash() {
    assertThat(Layout.kitex("").key("Hello", INSTANCE)).isEqualTo("/Hello/10.0.0.5:8888");
  }

  @Test
  void hertzKeysAreThoseOfTheGoRegistry() {
    assertThat(Layout.hertz().key("a/b", Instance.of("::1", 80)))
        .isEqualTo("hertz/registry-etcd/a/b/[::1]:80");
    assertThat(Layout.hertz().environmentPrefix()).isEqualTo("HERTZ");
  }

  @Test
  void oneAddressHasOneKey() {
    for (String spelling : List.of("::1", "[::1]", "0:0:0:0:0:0:0:1", "::0001")) {
      assertThat(Layout.kitex().key("a", Instance.of(spelling, 80))).endsWith("/a/[::1]:80");
    }
  }

  @Test
  void aUnixPathIsPercentEncodedInTheKey() {
    assertThat(Layout.kitex().key("a", Instance.unix("/run/h\u00f6 %.sock")))
        .isEqualTo("kitex/registry-etcd/a/%2Frun%2Fh%C3%B6%20%25.sock");
  }

  @Test
  void anAddressThatIsNotFinalHasNoKey() {
    assertThatThrownBy(() -> Layout.kitex().key("a", Instance.of("10.0.0.5", 0)))
        .hasMessage("port: 0 (expected: 1 to 65535)");
  }

  @Test
  void rangesOfSiblingsAreDisjoint() {
    Layout layout = Layout.kitex();
    assertThat(layout.range("ab")).doesNotStartWith(layout.range("a"));
    assertThat(Layout.isInstanceKey(layout.range("a"), layout.key("a", INSTANCE))).isTrue();
    assertThat(Layout.isInstanceKey(layout.range("a"), layout.key("ab", INSTANCE))).isFalse();
  }

  @Test
  void anInstanceOfANestedHertzServiceIsNotOneOfItsParent() {
    Layout layout = Layout.hertz();
    String nested = layout.key("a/b", INSTANCE);
    assertThat(nested).startsWith(layout.range("a"));
    assertThat(Layout.isInstanceKey(layout.range("a"), nested)).isFalse();
    assertThat(Layout.isInstanceKey(layout.range("a/b"), nested)).isTrue();
  }

  @Test
  void theRangeItselfIsNotAnInstance() {
    String range = Layout.kitex().range("a");
    assertThat(Layout.isInstanceKey(range, range)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Hello", "a.b", "...", "a b", "\u670d\u52a1", "\ud83d\ude00", "a%2Fb"})
  void takesLegalNames(String name) {
    assertThat(Layout.kitex().range(name)).isEqualTo("kitex/registry-etcd/" + name + "/");
  }

  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "'',service name: empty (expected: 1 to 255 bytes of UTF-8)",
        "a/b,service name: \"a/b\" (expected: no slash; only Layout.hertz() allows it)",
        ".,service name: \".\" (expected: no part that is '.' or '..')",
        "..,service name: \"..\" (expected: no part that is '.' or '..')",
        "a\u0000,service name: \"a\\u0000\" holds a control character (expected: none)",
        "a\u0085,service name: \"a\\u0085\" holds a control character (expected: none)",
        "a\ud800,service name: \"a\\ud800\" holds half a surrogate pair (expected: valid Unicode)",
      })
  void refusesIllegalNames(String name, String message) {
    assertThatThrownBy(() -> Layout.kitex().range(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> Layout.kitex().key(name, INSTANCE)).hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/../b", "./a", "a/.", "a/\n"})
  void hertzRefusesIllegalNames(String name) {
    assertThatThrownBy(() -> Layout.hertz().range(name))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void countsTheBytesOfANameNotItsCharacters() {
    assertThat(Layout.kitex().range("\u00f6".repeat(127) + "a")).isNotEmpty();
    assertThatThrownBy(() -> Layout.kitex().range("\u00f6".repeat(128)))
        .hasMessage("service name: 256 bytes (expected: at most 255 of UTF-8)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/", "/", "a/../b", "a\u0000", "\udc00"})
  void refusesIllegalPrefixes(String prefix) {
    assertThatThrownBy(() -> Layout.kitex(prefix)).hasMessageStartingWith("prefix: ");
    assertThatThrownBy(() -> Layout.hertz(prefix)).hasMessageStartingWith("prefix: ");
  }

  @Test
  void messagesCannotForgeLogLines() {
    assertThatThrownBy(() -> Layout.kitex().range("a\r\n\u202e\u2028\"\\/" + "x".repeat(200)))
        .message()
        .startsWith("service name: \"a\\u000d\\u000a\\u202e\\u2028\\\"\\\\/xxx")
        .hasSizeLessThan(200);
  }
}
