package io.registryetcd.layout;

import com.google.common.net.InetAddresses;

/**
 * The host and port of an address, each address in one spelling only: the one place that knows how
 * they are written.
 *
 * <pre>{@code
 * HostPort.parse("[0:0:0:0:0:0:0:1]:8888").toString();   // [::1]:8888
 * HostPort.parse("::1:8888").host();                     // ::1, as the Go registry writes IPv6
 * }</pre>
 *
 * <p>IPv6 follows RFC 5952, and an IPv4 address inside an IPv6 one is that IPv4 address. Names are
 * kept as they are. Nothing is looked up.
 *
 * @param host a host name of ASCII letters, digits, hyphens, underscores and dots, an IPv4 address,
 *     or an IPv6 address without brackets
 * @param port 1 to 65535
 * @since 0.1
 */
public record HostPort(String host, int port) {

  private static final int MAX_HOST_LENGTH = 255;
  private static final int MAX_PORT_DIGITS = 5;

  /**
   * Checks both parts and brings the host into its one spelling.
   *
   * @param host the host
   * @param port the port
   * @throws IllegalArgumentException if one is illegal, naming it and what is expected
   */
  public HostPort {
    host = canonicalHost(host);
    checkPort(port, Integer.toString(port));
  }

  /**
   * Reads {@code host:port}; the last colon separates, so IPv6 is understood with and without
   * brackets.
   *
   * @param address the text
   * @return the parts
   * @throws IllegalArgumentException if it is not a host and a port
   */
  public static HostPort parse(String address) {
    int colon = address.lastIndexOf(':');
    if (colon < 0 || address.endsWith("]")) {
      throw new IllegalArgumentException(
          "address: " + Text.quote(address) + " has no port (expected: host:port)");
    }
    return new HostPort(
        unbracketed(address.substring(0, colon)), parsePort(address.substring(colon + 1)));
  }

  /**
   * Reads a port.
   *
   * @param text decimal digits
   * @return the port
   * @throws IllegalArgumentException if it is not a number from 1 to 65535
   */
  public static int parsePort(String text) {
    boolean digits =
        !text.isEmpty()
            && text.length() <= MAX_PORT_DIGITS
            && text.chars().allMatch(c -> c >= '0' && c <= '9');
    int port = digits ? Integer.parseInt(text) : -1;
    checkPort(port, Text.quote(text));
    return port;
  }

  /**
   * The one spelling of a host.
   *
   * @param host a name or an address, IPv6 without brackets
   * @return the same host
   * @throws IllegalArgumentException if it is none
   */
  public static String canonicalHost(String host) {
    boolean legal =
        host.indexOf(':') >= 0 ? isIpv6(host) : host.length() <= MAX_HOST_LENGTH && isName(host);
    if (!legal) {
      throw new IllegalArgumentException(
          "host: " + Text.quote(host) + " (expected: a host name, an IPv4 or an IPv6 address)");
    }
    return host.indexOf(':') >= 0 ? canonicalIpv6(host) : host;
  }

  /** As a client dials it, IPv6 in brackets. */
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  private static void checkPort(int port, String shown) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port: " + shown + " (expected: 1 to 65535)");
    }
  }

  private static String unbracketed(String host) {
    if (!host.startsWith("[") || !host.endsWith("]")) {
      return host;
    }
    String inside = host.substring(1, host.length() - 1);
    if (inside.indexOf(':') < 0) {
      throw new IllegalArgumentException(
          "host: " + Text.quote(host) + " (expected: brackets around IPv6 addresses only)");
    }
    return inside;
  }

  private static boolean isIpv6(String host) {
    int percent = host.indexOf('%');
    String address = percent < 0 ? host : host.substring(0, percent);
    boolean ascii = address.chars().allMatch(c -> c < 0x80);
    return ascii
        && host.length() <= MAX_HOST_LENGTH
        && InetAddresses.isInetAddress(address)
        && (percent < 0 || isName(host.substring(percent + 1)));
  }

  private static String canonicalIpv6(String host) {
    int percent = host.indexOf('%');
    String address = percent < 0 ? host : host.substring(0, percent);
    String zone = percent < 0 ? "" : host.substring(percent);
    return InetAddresses.toAddrString(InetAddresses.forString(address)) + zone;
  }

  /** Labels separated by single dots, with a dot at the end allowed. */
  private static boolean isName(String name) {
    boolean afterDot = true;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '.' ? afterDot : !isNameCharacter(c)) {
        return false;
      }
      afterDot = c == '.';
    }
    return !name.isEmpty();
  }

  private static boolean isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '_';
  }
}
