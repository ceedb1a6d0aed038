package io.registryetcd.layout;

import io.registryetcd.Instance;

/**
 * How a service's instances are laid out in etcd: the keys, the values and the environment
 * variables that belong to them.
 *
 * <p>Implementations are immutable and safe for use by many threads; none does I/O.
 *
 * @since 0.1
 */
public sealed interface Layout permits KitexLayout, HertzLayout {

  /** The prefix of keys that the Go registry of Kitex uses: {@value}. */
  String KITEX_PREFIX = "kitex/registry-etcd";

  /** The prefix of keys that the Go registry of Hertz uses: {@value}. */
  String HERTZ_PREFIX = "hertz/registry-etcd";

  /**
   * The layout of the Go registry of Kitex, with its default prefix.
   *
   * @return keys {@code kitex/registry-etcd/<service>/<host:port>}
   */
  static Layout kitex() {
    return kitex(KITEX_PREFIX);
  }

  /**
   * The layout of the Go registry of Kitex, with a prefix of one's own.
   *
   * @param prefix without a slash at its end; empty gives keys {@code /<service>/<host:port>}
   * @return the layout
   * @throws IllegalArgumentException if the prefix is not usable in keys
   */
  static Layout kitex(String prefix) {
    return new KitexLayout(prefix);
  }

  /**
   * The layout of the Go registry of Hertz, with its default prefix.
   *
   * @return keys {@code hertz/registry-etcd/<service>/<host:port>}, where a service's name may hold
   *     slashes
   */
  static Layout hertz() {
    return hertz(HERTZ_PREFIX);
  }

  /**
   * The layout of the Go registry of Hertz, with a prefix of one's own.
   *
   * @param prefix without a slash at its end
   * @return the layout
   * @throws IllegalArgumentException if the prefix is not usable in keys
   */
  static Layout hertz(String prefix) {
    return new HertzLayout(prefix);
  }

  /**
   * The common prefix of all keys of a service, slash included: the exact range that a resolver
   * lists and watches.
   *
   * @param service the service's name
   * @return the prefix
   * @throws IllegalArgumentException if the name is missing or illegal, saying what is expected
   */
  String range(String service);

  /**
   * The key of one instance.
   *
   * @param service the service's name
   * @param instance with its final address
   * @return the key
   * @throws IllegalArgumentException if the name is missing or illegal
   */
  String key(String service, Instance instance);

  /**
   * Whether a key inside a service's range is an instance of that service, and not of another whose
   * name only begins alike.
   *
   * @param range what {@link #range} gave for the service
   * @param key any key
   * @return true if the key is the range and one segment
   */
  static boolean isInstanceKey(String range, String key) {
    return key.startsWith(range)
        && key.length() > range.length()
        && key.indexOf('/', range.length()) < 0;
  }

  /**
   * The value that is stored for an instance. A weight of 0, which means "not set", is written as
   * 10, the default of all readers; a negative one is illegal.
   *
   * @param instance with its final address
   * @return UTF-8 JSON
   * @throws IllegalArgumentException if a part of it is too large or illegal, naming the part and
   *     the limit
   */
  byte[] encode(Instance instance);

  /**
   * Reads a stored value. A weight that is not above 0 comes back as it is, one that is beyond an
   * {@code int} as the nearest that is not, and IPv6 hosts in the spelling of {@link HostPort}.
   *
   * @param value what etcd holds
   * @return the instance
   * @throws MalformedInstanceException if these bytes do not describe one; nothing else is thrown
   *     for any bytes
   */
  Instance decode(byte[] value) throws MalformedInstanceException;

  /**
   * What the names of this layout's environment variables begin with.
   *
   * @return {@code KITEX} or {@code HERTZ}
   */
  String environmentPrefix();
}
