package io.registryetcd.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.Instance;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstanceJsonTest {

  private static final Instance PLAIN = Instance.of("10.0.0.5", 8888).withWeight(10);

  @Test
  void writesTheFieldsInGoOrder() {
    assertThat(json(PLAIN.withTag("zone", "a")))
        .isEqualTo(
            "{\"network\":\"tcp\",\"address\":\"10.0.0.5:8888\",\"weight\":10,\"tags\":{\"zone\":\"a\"}}");
  }

  @Test
  void writesNoTagsAsNull() {
    assertThat(json(PLAIN)).endsWith(",\"tags\":null}");
  }

  @Test
  void writesAWeightThatIsNotSetAsTheDefault() {
    assertThat(json(PLAIN.withWeight(0))).contains("\"weight\":10,");
  }

  @Test
  void writesIpv6InBracketsAndInOneSpelling() {
    assertThat(json(Instance.of("0:0:0:0:0:0:0:1", 80))).contains("\"[::1]:80\"");
  }

  @Test
  void writesAUnixPathWhole() {
    assertThat(json(Instance.unix("/run/a b.sock")))
        .startsWith("{\"network\":\"unix\",\"address\":\"/run/a b.sock\",");
  }

  @Test
  void readsTheSameAddressFromEverySpelling() throws Exception {
    for (String spelling : new String[] {"::1:80", "[::1]:80", "0:0:0:0:0:0:0:1:80"}) {
      Instance instance =
          decode("{\"network\":\"tcp\",\"address\":\"" + spelling + "\",\"weight\":1}");
      assertThat(instance).isEqualTo(Instance.of("::1", 80).withWeight(1));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "{},                                       network: \"\" (expected: tcp or unix)",
    "[],                                       value: begin array (expected: an object)",
    "'',                                       JSON: \"\" (expected: one complete JSON object)",
    "{\"weight\":10.0},                        weight: \"10.0\" (expected: an integer of at most 64 bits)",
    "{\"weight\":\"10\"},                      weight: string (expected: an integer)",
    "{\"tags\":{\"a\":1}},                     tag \"a\": number (expected: a string)",
    "'{\"network\":\"tcp\",\"address\":\"a\"}', 'address: \"a\" has no port (expected: host:port)'",
    "'{\"network\":\"tcp\",\"address\":\"a:0\"}', 'port: \"0\" (expected: 1 to 65535)'",
  })
  void saysWhatIsMalformed(String value, String message) {
    assertThatThrownBy(() -> decode(value))
        .isInstanceOf(MalformedInstanceException.class)
        .hasMessage(message);
  }

  @Test
  void refusesValuesAboveTheLimits() throws Exception {
    decode(tagged(tags(256, 3)));
    assertMalformed(tagged(tags(257, 3)), "more than 256");
    decode(tagged(Map.of("k".repeat(128), "v".repeat(4096))));
    assertMalformed(tagged(Map.of("k".repeat(129), "")), "129 bytes (expected: at most 128");
    assertMalformed(tagged(Map.of("k", "v".repeat(4097))), "4097 bytes (expected: at most 4096");
    assertMalformed(tagged(Map.of("k", "\u00f6".repeat(2049))), "4098 bytes");
    assertMalformed(" ".repeat(65537), "65537 bytes (expected: at most 65536)");
    assertMalformed("[".repeat(60000), "nested more than 8 deep");
  }

  @Test
  void refusesToWriteValuesAboveTheLimits() {
    assertRefused(PLAIN.withTags(tags(257, 3)), "tags: 257 (expected: at most 256)");
    assertRefused(PLAIN.withTags(tags(100, 1000)), "bytes of JSON (expected: at most 65536)");
    assertRefused(PLAIN.withTag("k".repeat(129), ""), "name of a tag: 129 bytes");
    assertRefused(PLAIN.withTag("k", "v".repeat(4097)), "value of tag \"k\": 4097 bytes");
    assertRefused(PLAIN.withTag("k", "\ud800"), "half a surrogate pair");
    assertRefused(PLAIN.withWeight(-1), "weight: -1 (expected: 0 for the default, or more)");
    assertRefused(Instance.of("10.0.0.5", 0), "port: 0 (expected: 1 to 65535)");
    assertRefused(Instance.of("a/b", 80), "host: \"a/b\"");
    assertRefused(Instance.of("", 80), "host: \"\"");
    assertRefused(Instance.unix("/run/\n"), "unix socket path: \"/run/\\u000a\"");
  }

  /** Property P12. */
  @Test
  void whatIsWrittenIsReadBack() throws Exception {
    for (long seed = 0; seed < 5000; seed++) {
      Instance instance = new RandomInstances(seed).next();
      for (Layout layout : new Layout[] {Layout.kitex(), Layout.hertz()}) {
        assertThat(layout.decode(layout.encode(instance))).as("seed %s", seed).isEqualTo(instance);
      }
    }
  }

  /** Property P12. */
  @Test
  void damagedValuesThrowNothingButTheDeclaredException() {
    for (long seed = 0; seed < 20_000; seed++) {
      var random = new Random(seed);
      byte[] value = InstanceJson.encode(new RandomInstances(seed).next());
      for (int i = random.nextInt(4); i >= 0; i--) {
        value = damaged(value, random);
      }
      assertDecodesOrIsMalformed(value, seed);
    }
  }

  private static void assertDecodesOrIsMalformed(byte[] value, long seed) {
    try {
      Instance instance = InstanceJson.decode(value);
      assertThat(instance.port() > 0 || instance.network().equals("unix")).isTrue();
    } catch (MalformedInstanceException e) {
      assertThat(e).hasMessageContaining("(expected: ");
    } catch (RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + Arrays.toString(value), e);
    }
  }

  private static byte[] damaged(byte[] value, Random random) {
    int at = random.nextInt(value.length);
    byte[] structure = "{}[]\",:\\u0Ee-.+tfn\0'/;=".getBytes(StandardCharsets.US_ASCII);
    return switch (random.nextInt(4)) {
      case 0 -> Arrays.copyOf(value, Math.max(1, at));
      case 1 -> with(value, at, (byte) random.nextInt(256));
      case 2 -> with(value, at, structure[random.nextInt(structure.length)]);
      default -> with(value, at, value[random.nextInt(value.length)]);
    };
  }

  private static byte[] with(byte[] value, int at, byte b) {
    byte[] copy = value.clone();
    copy[at] = b;
    return copy;
  }

  private static Map<String, String> tags(int count, int length) {
    var tags = new TreeMap<String, String>();
    for (int i = 0; i < count; i++) {
      tags.put("tag" + i, "v".repeat(length));
    }
    return tags;
  }

  private static String tagged(Map<String, String> tags) {
    var members = new HashMap<>(tags).entrySet().stream();
    return "{\"network\":\"tcp\",\"address\":\"a:1\",\"tags\":{"
        + String.join(
            ",", members.map(e -> "\"" + e.getKey() + "\":\"" + e.getValue() + "\"").toList())
        + "}}";
  }

  private static Instance decode(String json) throws MalformedInstanceException {
    return InstanceJson.decode(json.getBytes(StandardCharsets.UTF_8));
  }

  private static String json(Instance instance) {
    return new String(InstanceJson.encode(instance), StandardCharsets.UTF_8);
  }

  private static void assertMalformed(String value, String message) {
    assertThatThrownBy(() -> decode(value))
        .isInstanceOf(MalformedInstanceException.class)
        .hasMessageContaining(message);
  }

  private static void assertRefused(Instance instance, String message) {
    assertThatThrownBy(() -> InstanceJson.encode(instance))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
