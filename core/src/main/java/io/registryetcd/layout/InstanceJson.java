package io.registryetcd.layout;

import com.google.common.base.Utf8;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.registryetcd.Instance;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The JSON of an instance, read as Go's {@code encoding/json} reads it and written so that it can
 * read it.
 *
 * <p>As in Go: names of fields match in any case, where the Kelvin sign is a k and the long s an s;
 * the last of several equal fields counts, but {@code tags} objects are merged; unknown fields are
 * ignored; null leaves a field as it is, empties {@code tags}, and is the empty string as a tag's
 * value; {@code 10.0}, {@code 1e1} and {@code "10"} are no weight. Unlike Go: malformed UTF-8, half
 * surrogate pairs, deep nesting and what {@link HostPort} refuses are errors, and a weight that
 * fits Go's int but not Java's becomes the nearest that does.
 */
final class InstanceJson {

  static final String TCP = "tcp";
  static final String UNIX = "unix";
  static final int DEFAULT_WEIGHT = 10;
  static final int MAX_VALUE_BYTES = 64 * 1024;
  static final int MAX_TAGS = 256;
  static final int MAX_TAG_KEY_BYTES = 128;
  static final int MAX_TAG_VALUE_BYTES = 4 * 1024;
  private static final int MAX_PATH_BYTES = 255;

  private final JsonReader in;
  private final TreeMap<String, String> tags = new TreeMap<>();
  private String network = "";
  private String address = "";
  private int weight;

  private InstanceJson(String json) {
    this.in = new JsonReader(new StringReader(json));
  }

  static byte[] encode(Instance instance) {
    if (instance.weight() < 0) {
      throw new IllegalArgumentException(
          "weight: " + instance.weight() + " (expected: 0 for the default, or more)");
    }
    if (instance.tags().size() > MAX_TAGS) {
      throw new IllegalArgumentException(
          "tags: " + instance.tags().size() + " (expected: at most " + MAX_TAGS + ")");
    }
    instance.tags().forEach(InstanceJson::checkTag);
    byte[] value = write(instance).getBytes(StandardCharsets.UTF_8);
    if (value.length > MAX_VALUE_BYTES) {
      throw new IllegalArgumentException(
          "instance: "
              + value.length
              + " bytes of JSON (expected: at most "
              + MAX_VALUE_BYTES
              + ")");
    }
    return value;
  }

  /** Without tags {@code null} is written, as Go does for a nil map. */
  private static String write(Instance instance) {
    var json = new StringWriter();
    try (var out = new JsonWriter(json)) {
      out.beginObject();
      out.name("network").value(instance.network());
      out.name("address").value(checkedAddress(instance));
      out.name("weight").value(instance.weight() == 0 ? DEFAULT_WEIGHT : instance.weight());
      out.name("tags");
      if (instance.tags().isEmpty()) {
        out.nullValue();
      } else {
        out.beginObject();
        for (Map.Entry<String, String> tag : instance.tags().entrySet()) {
          out.name(tag.getKey()).value(tag.getValue());
        }
        out.endObject();
      }
      out.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return json.toString();
  }

  private static String checkedAddress(Instance instance) {
    return instance.network().equals(UNIX)
        ? checkPath(instance.host())
        : new HostPort(instance.host(), instance.port()).toString();
  }

  static Instance decode(byte[] value) throws MalformedInstanceException {
    if (value.length > MAX_VALUE_BYTES) {
      throw new MalformedInstanceException(
          "value: " + value.length + " bytes (expected: at most " + MAX_VALUE_BYTES + ")");
    }
    String json = text(value);
    StrictJson.check(json);
    try {
      return new InstanceJson(json).read();
    } catch (IOException e) {
      throw new MalformedInstanceException(
          "JSON: " + Text.quote(json) + " (expected: one complete JSON object)");
    } catch (IllegalArgumentException e) {
      throw new MalformedInstanceException(String.valueOf(e.getMessage()));
    }
  }

  private static String text(byte[] value) throws MalformedInstanceException {
    if (!Utf8.isWellFormed(value)) {
      throw new MalformedInstanceException(
          "value: " + value.length + " bytes that are not UTF-8 (expected: UTF-8)");
    }
    return new String(value, StandardCharsets.UTF_8);
  }

  private Instance read() throws IOException {
    expect("value", JsonToken.BEGIN_OBJECT, "an object");
    in.beginObject();
    while (in.hasNext()) {
      readField();
    }
    in.endObject();
    expect("after the value", JsonToken.END_DOCUMENT, "nothing");
    return instance();
  }

  private void readField() throws IOException {
    String name = folded(in.nextName());
    switch (name) {
      case "network" -> network = string(name, network);
      case "address" -> address = string(name, address);
      case "weight" -> readWeight();
      case "tags" -> readTags();
      default -> in.skipValue();
    }
  }

  private static String folded(String name) {
    return name.replace('\u212a', 'k').replace('\u017f', 's').toLowerCase(Locale.ROOT);
  }

  private String string(String what, String ifNull) throws IOException {
    if (skippedNull()) {
      return ifNull;
    }
    expect(what, JsonToken.STRING, "a string");
    return in.nextString();
  }

  private void readWeight() throws IOException {
    if (skippedNull()) {
      return;
    }
    expect("weight", JsonToken.NUMBER, "an integer");
    String digits = in.nextString();
    try {
      weight =
          (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, Long.parseLong(digits)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "weight: " + Text.quote(digits) + " (expected: an integer of at most 64 bits)", e);
    }
  }

  private void readTags() throws IOException {
    if (skippedNull()) {
      tags.clear();
      return;
    }
    expect("tags", JsonToken.BEGIN_OBJECT, "an object or null");
    in.beginObject();
    while (in.hasNext()) {
      String key = in.nextName();
      String value = string("tag " + Text.quote(key), "");
      checkTag(key, value);
      tags.put(key, value);
      if (tags.size() > MAX_TAGS) {
        throw new IllegalArgumentException(
            "tags: more than " + MAX_TAGS + " (expected: at most " + MAX_TAGS + ")");
      }
    }
    in.endObject();
  }

  private boolean skippedNull() throws IOException {
    if (in.peek() != JsonToken.NULL) {
      return false;
    }
    in.nextNull();
    return true;
  }

  private void expect(String what, JsonToken token, String expected) throws IOException {
    JsonToken found = in.peek();
    if (found != token) {
      throw new IllegalArgumentException(
          what
              + ": "
              + found.name().toLowerCase(Locale.ROOT).replace('_', ' ')
              + " (expected: "
              + expected
              + ")");
    }
  }

  private Instance instance() {
    return switch (network) {
      case TCP -> {
        HostPort parsed = HostPort.parse(address);
        yield Instance.of(parsed.host(), parsed.port()).withWeight(weight).withTags(tags);
      }
      case UNIX -> Instance.unix(checkPath(address)).withWeight(weight).withTags(tags);
      default ->
          throw new IllegalArgumentException(
              "network: " + Text.quote(network) + " (expected: tcp or unix)");
    };
  }

  private static String checkPath(String path) {
    if (path.isEmpty()) {
      throw new IllegalArgumentException("unix socket path: empty (expected: a path)");
    }
    Text.checkSize("unix socket path", path, MAX_PATH_BYTES);
    Text.checkNoControls("unix socket path", path);
    return path;
  }

  private static void checkTag(String key, String value) {
    Text.checkSize("name of a tag", key, MAX_TAG_KEY_BYTES);
    Text.checkSize("value of tag " + Text.quote(key), value, MAX_TAG_VALUE_BYTES);
  }
}
