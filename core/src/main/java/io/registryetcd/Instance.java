package io.registryetcd;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One running copy of a service: where it listens, its weight and its tags.
 *
 * <pre>{@code
 * Instance instance = Instance.of("0.0.0.0", 8888).withWeight(10).withTag("zone", "a");
 * }</pre>
 *
 * <p>Immutable, and equal by all its parts. The weight 0 means "not set": it is registered as 10,
 * and readers take their default weight for a 0 that another program stored. Weight 0 therefore
 * does not take an instance out of service; {@link Registration#pause()} does.
 *
 * @since 0.1
 */
public final class Instance {

  /** The highest weight a reader of any language can hold. */
  public static final int MAX_WEIGHT = Integer.MAX_VALUE;

  private final String network;
  private final String host;
  private final int port;
  private final int weight;
  private final Map<String, String> tags;
  private final String address;

  /** 0 until it is asked for; a race computes the same again. */
  private int hash;

  private Instance(
      String network, String host, int port, String address, int weight, Map<String, String> tags) {
    this.network = network;
    this.host = host;
    this.port = port;
    this.address = address;
    this.weight = weight;
    this.tags = tags;
  }

  /**
   * An instance at a TCP address, with no weight set and no tags.
   *
   * @param host a name, an IPv4 or an IPv6 address (with or without brackets); when registering, an
   *     empty or a wildcard host ({@code 0.0.0.0}, {@code ::}) stands for the machine's own address
   * @param port 0 to 65535, where 0 is to be replaced when registering
   * @return the instance
   */
  public static Instance of(String host, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port: " + port + " (expected: 0 to 65535)");
    }
    return tcp(stripBrackets(host), port, 0, Map.of());
  }

  /**
   * An instance that listens on a unix domain socket.
   *
   * @param path the socket's path
   * @return the instance
   */
  public static Instance unix(String path) {
    if (path.isEmpty()) {
      throw new IllegalArgumentException("unix socket path: empty (expected: a path)");
    }
    return new Instance("unix", path, 0, path, 0, Map.of());
  }

  /**
   * This instance with another weight.
   *
   * @param newWeight its share of calls relative to the others; 0 for 10, the default
   * @return the changed copy
   */
  public Instance withWeight(int newWeight) {
    return newWeight == weight ? this : new Instance(network, host, port, address, newWeight, tags);
  }

  /**
   * This instance with one tag more, or changed.
   *
   * @param key the tag's name
   * @param value the tag's value
   * @return the changed copy
   */
  public Instance withTag(String key, String value) {
    var copy = new TreeMap<>(tags);
    copy.put(key, value);
    return withTags(copy);
  }

  /**
   * This instance with other tags.
   *
   * @param newTags all tags; copied
   * @return the changed copy
   */
  public Instance withTags(Map<String, String> newTags) {
    Map<String, String> copy =
        newTags.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(newTags));
    return new Instance(network, host, port, address, weight, copy);
  }

  Instance withHostPort(String newHost, int newPort) {
    return tcp(stripBrackets(newHost), newPort, weight, tags);
  }

  /**
   * The kind of network.
   *
   * @return {@code tcp} or {@code unix}
   */
  public String network() {
    return network;
  }

  /**
   * The host, an IPv6 address without brackets; for a unix socket its path.
   *
   * @return the host
   */
  public String host() {
    return host;
  }

  /**
   * The port, 0 for a unix socket.
   *
   * @return the port
   */
  public int port() {
    return port;
  }

  /**
   * The address as a client dials it: {@code 10.0.0.5:8888}, {@code [::1]:8888}, or a socket's
   * path.
   *
   * @return the address
   */
  public String address() {
    return address;
  }

  /**
   * The weight; of an instance that a resolver returns it is above 0, unless its default weight is
   * not.
   *
   * @return the weight
   */
  public int weight() {
    return weight;
  }

  /**
   * The tags, sorted by name.
   *
   * @return an unmodifiable map, never null
   */
  public Map<String, String> tags() {
    return tags;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Instance that
            && weight == that.weight
            && network.equals(that.network)
            && address.equals(that.address)
            && tags.equals(that.tags));
  }

  @Override
  public int hashCode() {
    int known = hash;
    if (known == 0) {
      known = 31 * (31 * (31 * network.hashCode() + address.hashCode()) + weight) + tags.hashCode();
      hash = known;
    }
    return known;
  }

  @Override
  public String toString() {
    return address + " weight=" + weight + (tags.isEmpty() ? "" : " tags=" + tags);
  }

  private static String stripBrackets(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  private static Instance tcp(String host, int port, int weight, Map<String, String> tags) {
    String address = (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    return new Instance("tcp", host, port, address, weight, tags);
  }
}
