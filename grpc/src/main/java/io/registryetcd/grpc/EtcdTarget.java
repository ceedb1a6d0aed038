package io.registryetcd.grpc;

import io.registryetcd.layout.Layout;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a target of the scheme {@code etcd} says. Read from its text by the rules of RFC 3986,
 * because gRPC hands it over as one of two classes of which older releases have one only.
 *
 * <p>A target may carry a secret by mistake. So no message here repeats a part of it that could be
 * one.
 */
record EtcdTarget(
    String service,
    List<String> endpoints,
    Layout layout,
    boolean layoutGiven,
    Optional<String> authority,
    Policy policy) {

  static final String SCHEME = "etcd";

  private static final String FORMS = "etcd:///Service or etcd://host:port/Service";
  private static final Pattern URI =
      Pattern.compile(
          "[^:/?#]+:(?://(?<authority>[^/?#]*))?(?<path>[^?#]*)(?:\\?(?<query>[^#]*))?(?<fragment>#.*)?");
  private static final List<String> PARAMETERS =
      List.of("authority", "endpoints", "layout", "lb", "prefix");

  /** Which load-balancing policy the resolver puts into the service config. */
  enum Policy {
    WEIGHTED_ROUND_ROBIN(EtcdGrpc.WEIGHTED_ROUND_ROBIN),
    RANDOM(EtcdGrpc.RANDOM),
    NONE("");

    final String grpcName;

    Policy(String grpcName) {
      this.grpcName = grpcName;
    }
  }

  /**
   * Reads a target.
   *
   * @throws IllegalArgumentException saying which part is wrong and what is expected
   */
  static EtcdTarget parse(String target) {
    Matcher uri = URI.matcher(target);
    if (!uri.matches() || uri.group("fragment") != null) {
      throw new IllegalArgumentException("target: not understood (expected: " + FORMS + ")");
    }
    Optional<String> host = Optional.ofNullable(uri.group("authority"));
    checkCredentials("target", host.orElse(""));
    Map<String, String> query = query(Optional.ofNullable(uri.group("query")).orElse(""));
    Layout layout = layout(query);
    return new EtcdTarget(
        service(uri.group("path")),
        endpoints(host.orElse(""), Optional.ofNullable(query.get("endpoints"))),
        layout,
        query.containsKey("layout") || query.containsKey("prefix"),
        Optional.ofNullable(query.get("authority")).map(EtcdTarget::checkedAuthority),
        policy(query.getOrDefault("lb", "weighted_round_robin")));
  }

  /**
   * What the channel calls its servers: given, or the service's name, which is what a Kitex client
   * sends too.
   */
  String serviceAuthority() {
    return authority.orElseGet(() -> escape(service));
  }

  private static String service(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException(
          "target: no slashes after the scheme (expected: " + FORMS + ")");
    }
    String service = decode("service", path.substring(1));
    if (service.isEmpty()) {
      throw new IllegalArgumentException("target: no service (expected: " + FORMS + ")");
    }
    return service;
  }

  private static List<String> endpoints(String authority, Optional<String> parameter) {
    if (parameter.isEmpty()) {
      return authority.isEmpty() ? List.of() : List.of(checkedEndpoint(authority));
    }
    if (!authority.isEmpty()) {
      throw new IllegalArgumentException(
          "target: an endpoint before the service and the parameter endpoints (expected: one of them)");
    }
    return List.of(parameter.get().split(",", -1)).stream()
        .map(EtcdTarget::checkedEndpoint)
        .toList();
  }

  private static String checkedEndpoint(String endpoint) {
    checkCredentials("endpoints", endpoint);
    if (endpoint.isBlank() || endpoint.indexOf(',') >= 0) {
      throw new IllegalArgumentException(
          "target: endpoint '"
              + endpoint
              + "' (expected: host:port; several as etcd:///Service?endpoints=host1:2379,host2:2379)");
    }
    return endpoint;
  }

  private static void checkCredentials(String part, String text) {
    if (text.indexOf('@') >= 0) {
      throw new IllegalArgumentException(
          part
              + ": a user or password before the host (expected: none in a target, for targets are logged; give them by"
              + " EtcdGrpc.RESOLVER, or by the system property registry.etcd.user or the variable"
              + " REGISTRY_ETCD_USER)");
    }
  }

  private static Layout layout(Map<String, String> query) {
    Optional<String> prefix = Optional.ofNullable(query.get("prefix"));
    String name = query.getOrDefault("layout", "kitex");
    return switch (name) {
      case "kitex" -> prefix.map(Layout::kitex).orElseGet(Layout::kitex);
      case "hertz" -> prefix.map(Layout::hertz).orElseGet(Layout::hertz);
      default -> throw illegal("layout", name, "kitex or hertz");
    };
  }

  private static Policy policy(String name) {
    return switch (name) {
      case "weighted_round_robin" -> Policy.WEIGHTED_ROUND_ROBIN;
      case "random" -> Policy.RANDOM;
      case "none" -> Policy.NONE;
      default -> throw illegal("lb", name, "weighted_round_robin, random or none");
    };
  }

  private static String checkedAuthority(String authority) {
    if (authority.isEmpty()
        || authority.chars().anyMatch(c -> c <= ' ' || "/?#@".indexOf(c) >= 0)) {
      throw illegal("authority", authority, "a host name of the servers' certificate");
    }
    return authority;
  }

  private static Map<String, String> query(String query) {
    var parameters = new TreeMap<String, String>();
    for (String pair : query.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String name = equals < 0 ? "" : pair.substring(0, equals);
      if (!PARAMETERS.contains(name)) {
        throw illegal("query parameter", name, "one of " + PARAMETERS + ", as name=value");
      }
      if (parameters.put(name, decode(name, pair.substring(equals + 1))) != null) {
        throw illegal("query parameter", name, "given once");
      }
    }
    return parameters;
  }

  private static IllegalArgumentException illegal(String part, String value, String expected) {
    return new IllegalArgumentException(
        "target: " + part + " '" + value + "' (expected: " + expected + ")");
  }

  /** Percent-decodes; a plus sign stays what it is. */
  private static String decode(String part, String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "target: "
              + part
              + " is not percent-encoded (expected: two hexadecimal digits after each %)");
    }
  }

  private static String escape(String text) {
    var escaped = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if (c < 0x80 && (Character.isLetterOrDigit(c) || "-._~!$&'()*+,;=:".indexOf(c) >= 0)) {
        escaped.append(c);
      } else {
        escaped.append(String.format("%%%02X", (int) c));
      }
    }
    return escaped.toString();
  }
}
