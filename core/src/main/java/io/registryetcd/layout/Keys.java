package io.registryetcd.layout;

import io.registryetcd.Instance;
import java.nio.charset.StandardCharsets;

/**
 * What the keys of all layouts share: which names are legal, and how an instance's own part is
 * written.
 */
final class Keys {

  static final int MAX_NAME_BYTES = 255;

  private Keys() {}

  /** A prefix as it was given, if it may stand before a slash in keys. */
  static String checkPrefix(String prefix) {
    checkName("prefix", prefix);
    if (prefix.endsWith("/")) {
      throw new IllegalArgumentException(
          "prefix: " + Text.quote(prefix) + " (expected: no slash at its end)");
    }
    return prefix;
  }

  /** A service's name as it was given, if it may be a part of keys. */
  static String checkService(String name) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException(
          "service name: empty (expected: 1 to " + MAX_NAME_BYTES + " bytes of UTF-8)");
    }
    checkName("service name", name);
    return name;
  }

  private static void checkName(String what, String name) {
    Text.checkSize(what, name, MAX_NAME_BYTES);
    Text.checkNoControls(what, name);
    for (String segment : name.split("/", -1)) {
      if (segment.equals(".") || segment.equals("..")) {
        throw new IllegalArgumentException(
            what + ": " + Text.quote(name) + " (expected: no part that is '.' or '..')");
      }
    }
  }

  /** The key of an instance in a service's range. */
  static String key(String range, Instance instance) {
    return range
        + (instance.network().equals(InstanceJson.UNIX)
            ? percentEncoded(instance.host())
            : new HostPort(instance.host(), instance.port()).toString());
  }

  private static String percentEncoded(String path) {
    var encoded = new StringBuilder();
    for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean unreserved =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || "-._~".indexOf(c) >= 0;
      if (unreserved) {
        encoded.append(c);
      } else {
        encoded.append(String.format("%%%02X", (int) c));
      }
    }
    return encoded.toString();
  }
}
