package io.registryetcd.etcd;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import java.util.List;

/**
 * One etcd endpoint: where it is, and whether its text asks for TLS.
 *
 * <p>Accepted texts are {@code http://host:port}, {@code https://host:port} and {@code host:port};
 * an IPv6 address is put in brackets. Without a scheme the endpoint follows the TLS set-up of the
 * client: TLS if there are TLS files, else plaintext.
 *
 * @param text the endpoint as it was configured, for logs and errors
 * @param scheme what the text says about TLS
 * @param host a name or an address, IPv6 without brackets
 */
public record Endpoint(String text, Scheme scheme, String host, int port) {

  private static final String EXPECTED =
      " (expected: http://host:port, https://host:port or host:port)";

  /** What an endpoint's text says about TLS. */
  public enum Scheme {
    /** {@code http}: plaintext. */
    HTTP,
    /** {@code https}: TLS. */
    HTTPS,
    /** No scheme: TLS if the client has TLS files. */
    NONE
  }

  /**
   * Parses one endpoint.
   *
   * @throws IllegalArgumentException if the text is none of the accepted forms
   */
  public static Endpoint parse(String text) {
    if (text.indexOf('@') >= 0) {
      // not repeated: what stands before the sign may be a password
      throw new IllegalArgumentException(
          "endpoint: one with '@'" + EXPECTED + "; a user is configured, not part of an endpoint");
    }
    String trimmed = text.strip();
    Scheme scheme = Scheme.NONE;
    String rest = trimmed;
    int colon = trimmed.indexOf("://");
    if (colon >= 0) {
      scheme = scheme(text, trimmed.substring(0, colon));
      rest = trimmed.substring(colon + 3);
    } else if (trimmed.startsWith("unix:")) {
      throw new IllegalArgumentException(
          "endpoint: " + text + " is a Unix socket, which is not supported" + EXPECTED);
    }
    if (rest.endsWith("/")) {
      rest = rest.substring(0, rest.length() - 1);
    }
    HostAndPort address = address(text, rest);
    return new Endpoint(trimmed, scheme, address.getHost(), address.getPort());
  }

  /**
   * Checks that all endpoints agree about TLS with each other and with the TLS files.
   *
   * @throws IllegalArgumentException if there is no endpoint, if {@code http} and {@code https} are
   *     mixed, or if {@code http} comes with TLS files
   */
  public static void check(List<Endpoint> endpoints, boolean tlsFiles) {
    if (endpoints.isEmpty()) {
      throw new IllegalArgumentException(
          "endpoints: none (expected: at least one, such as 127.0.0.1:2379)");
    }
    boolean plaintext = endpoints.get(0).isPlaintext(tlsFiles);
    for (Endpoint endpoint : endpoints) {
      if (tlsFiles && endpoint.scheme == Scheme.HTTP) {
        throw new IllegalArgumentException(
            "endpoint: " + endpoint + " is plaintext, but TLS files are set (expected: https)");
      }
      if (endpoint.isPlaintext(tlsFiles) != plaintext) {
        throw new IllegalArgumentException(
            "endpoints: "
                + endpoints.get(0)
                + " and "
                + endpoint
                + " differ in TLS (expected: all http or all https)");
      }
    }
  }

  /** Whether the endpoint is reached without TLS, given whether the client has TLS files. */
  public boolean isPlaintext(boolean tlsFiles) {
    return scheme == Scheme.HTTP || (scheme == Scheme.NONE && !tlsFiles);
  }

  /**
   * Whether the host is this machine by its text; a name is not looked up, except {@code
   * localhost}.
   */
  public boolean isLoopback() {
    return host.equalsIgnoreCase("localhost")
        || (InetAddresses.isInetAddress(host) && InetAddresses.forString(host).isLoopbackAddress());
  }

  /** Host and port with an IPv6 address in brackets. */
  String hostPort() {
    return HostAndPort.fromParts(host, port).toString();
  }

  @Override
  public String toString() {
    return text;
  }

  private static Scheme scheme(String text, String name) {
    return switch (name) {
      case "http" -> Scheme.HTTP;
      case "https" -> Scheme.HTTPS;
      default -> throw new IllegalArgumentException("endpoint: " + text + EXPECTED);
    };
  }

  private static HostAndPort address(String text, String rest) {
    try {
      HostAndPort address = HostAndPort.fromString(rest).requireBracketsForIPv6();
      String host = address.getHost();
      boolean named = !host.isEmpty() && host.chars().allMatch(Endpoint::hostCharacter);
      if (named && address.hasPort() && address.getPort() > 0) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("endpoint: " + text + EXPECTED, e);
    }
    throw new IllegalArgumentException("endpoint: " + text + EXPECTED);
  }

  private static boolean hostCharacter(int c) {
    return c > ' ' && c != 0x7f && "/?#@\\[]\"<>^`{|}".indexOf(c) < 0;
  }
}
