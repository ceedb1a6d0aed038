package io.registryetcd;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * One running copy of a service: where it listens, its weight and its tags.
 *
 * <pre>{@code
 * Instance instance = Instance.of("0.0.0.0", 8888).withWeight(10).withTag("zone", "a");
 * }</pre>
 *
 * <p>Immutable, and equal by all its parts. The weight 0 means "not set": readers use their default
 * weight for it. Weight 0 therefore does not take an instance out of service; {@link
 * Registration#pause()} does.
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
  private final int hash;

  private Instance(String network, String host, int port, int weight, Map<String, String> tags) {
    this.network = network;
    this.host = host;
    this.port = port;
    this.weight = weight;
    this.tags = tags;
    this.address = network.equals("unix") ? host : joinHostPort(host, port);
    this.hash = Objects.hash(network, address, weight, tags);
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
    return new Instance("tcp", stripBrackets(host), port, 0, Map.of());
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
    return new Instance("unix", path, 0, 0, Map.of());
  }

  /**
   * This instance with another weight.
   *
   * @param newWeight its share of calls relative to the others; 0 for the readers' default
   * @return the changed copy
   */
  public Instance withWeight(int newWeight) {
    return newWeight == weight ? this : new Instance(network, host, port, newWeight, tags);
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
    return new Instance(
        network, host, port, weight, Collections.unmodifiableMap(new TreeMap<>(newTags)));
  }

  Instance withHostPort(String newHost, int newPort) {
    return new Instance(network, stripBrackets(newHost), newPort, weight, tags);
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
            && hash == that.hash
            && weight == that.weight
            && network.equals(that.network)
            && address.equals(that.address)
            && tags.equals(that.tags));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return address + " weight=" + weight + (tags.isEmpty() ? "" : " tags=" + tags);
  }

  private static String stripBrackets(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  private static String joinHostPort(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
