package io.registryetcd.kitex.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What was captured from Kitex: requests ({@code >}) and replies ({@code <}). */
public final class KitexVectors {

  /** One line of the capture. */
  public record Vector(String id, String direction, String hex, String note) {

    public byte[] bytes() {
      return HexFormat.of().parseHex(hex);
    }

    @Override
    public String toString() {
      return id + " " + direction;
    }
  }

  private KitexVectors() {}

  public static List<Vector> all() {
    return lines("/io/registryetcd/kitex/kitex-vectors.tsv")
        .map(line -> line.split("\t", -1))
        .map(column -> new Vector(column[0], column[1], column[2], column[3]))
        .toList();
  }

  /** Those that are messages: all but the frames of a stream. */
  public static List<Vector> messages() {
    return all().stream().filter(vector -> !vector.id().equals("ttstream-open")).toList();
  }

  public static Vector request(String id) {
    return one(id, ">");
  }

  public static Vector reply(String id) {
    return one(id, "<");
  }

  private static Vector one(String id, String direction) {
    return all().stream()
        .filter(vector -> vector.id().equals(id) && vector.direction().equals(direction))
        .findFirst()
        .orElseThrow();
  }

  /** What {@link #messages} say, a line for each message. */
  static String expectedMessages() {
    return lines("kitex-messages.txt").collect(Collectors.joining("\n"));
  }

  private static Stream<String> lines(String resource) {
    try (InputStream in = KitexVectors.class.getResourceAsStream(resource)) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.startsWith("#"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
