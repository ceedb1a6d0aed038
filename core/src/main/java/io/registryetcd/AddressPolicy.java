package io.registryetcd;

import io.registryetcd.layout.HostPort;
import io.registryetcd.layout.Layout;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a server's address in the registry is found, for servers that listen on all addresses or
 * behind a mapped one.
 *
 * <pre>{@code
 * AddressPolicy.standard();                                          // the default
 * AddressPolicy.standard().preferring("10.0.0.0/8", "fd00::/8");     // which of several networks
 * AddressPolicy.fixed("203.0.113.5:8888");                           // behind a mapped address
 * }</pre>
 *
 * <p>The first of these that says something is taken, the host and the port each for itself:
 *
 * <ol>
 *   <li>a {@link #fixed} address;
 *   <li>the environment variables {@code KITEX_IP_TO_REGISTRY} and {@code KITEX_PORT_TO_REGISTRY},
 *       with the Hertz layout {@code HERTZ_...}; empty ones count as absent;
 *   <li>the address that is registered, unless its host is empty or a wildcard ({@code 0.0.0.0},
 *       {@code ::}) or its port 0;
 *   <li>for the host, the network interfaces: those that are up, without loopback and link-local
 *       addresses and without the bridges of container runtimes and hypervisors; a preferred
 *       network first, then IPv4, then the address that the default route leaves from.
 * </ol>
 *
 * <p>The choice and its reason are logged when registering. A loopback address is registered only
 * if it is given, or allowed by {@link #allowLoopback} where the machine has no other. Unix sockets
 * are registered as they are. Immutable.
 *
 * @since 0.1
 */
public final class AddressPolicy {

  private static final AddressPolicy STANDARD =
      new AddressPolicy(Optional.empty(), List.of(), false);
  private static final Set<String> WILDCARDS = Set.of("", "0.0.0.0", "::");
  private static final Duration MIN_LEASE_TTL = Duration.ofSeconds(2);
  private static final String LOOPBACK = "127.0.0.1";

  private final Optional<HostPort> fixed;
  private final List<Cidr> preferred;
  private final boolean loopbackAllowed;

  private AddressPolicy(Optional<HostPort> fixed, List<Cidr> preferred, boolean loopbackAllowed) {
    this.fixed = fixed;
    this.preferred = preferred;
    this.loopbackAllowed = loopbackAllowed;
  }

  /**
   * The policy that is used if none is set: no preferred networks, and loopback not allowed.
   *
   * @return the policy
   */
  public static AddressPolicy standard() {
    return STANDARD;
  }

  /**
   * One address for whatever is registered, also against the environment variables.
   *
   * @param address {@code host:port}, IPv6 in brackets
   * @return the policy
   * @throws IllegalArgumentException if it is not a host and a port, or the host is a wildcard
   */
  public static AddressPolicy fixed(String address) {
    HostPort parsed;
    try {
      parsed = HostPort.parse(address);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("fixed address: " + e.getMessage(), e);
    }
    if (WILDCARDS.contains(parsed.host())) {
      throw new IllegalArgumentException(
          "fixed address: " + parsed + " (expected: an address that others can reach)");
    }
    return new AddressPolicy(Optional.of(parsed), List.of(), false);
  }

  /**
   * This policy with networks whose addresses go before others, the first network first. An address
   * in one of them counts also on an interface that looks like a bridge. If the machine has none of
   * them, the others are looked at.
   *
   * @param networks such as {@code 10.0.0.0/8} or {@code fd00::/8}; they replace earlier ones
   * @return the changed copy
   * @throws IllegalArgumentException if one is no network
   */
  public AddressPolicy preferring(String... networks) {
    return new AddressPolicy(
        fixed, Arrays.stream(networks).map(Cidr::parse).toList(), loopbackAllowed);
  }

  /**
   * This policy with {@code 127.0.0.1} as the last resort of a machine that has no other address,
   * such as a developer's offline.
   *
   * @return the changed copy
   */
  public AddressPolicy allowLoopback() {
    return new AddressPolicy(fixed, preferred, true);
  }

  AdvertisedAddress resolve(Instance wanted, Layout layout, Map<String, String> environment) {
    return resolve(wanted, layout, environment, LocalNetwork.SYSTEM);
  }

  /**
   * The address to register.
   *
   * @throws IllegalArgumentException if an environment variable, the host or the port is illegal
   * @throws RegistryException if no address can be found
   */
  AdvertisedAddress resolve(
      Instance wanted, Layout layout, Map<String, String> environment, LocalNetwork network) {
    if (wanted.network().equals("unix")) {
      return new AdvertisedAddress(wanted, "unix socket");
    }
    if (fixed.isPresent()) {
      return advertised(
          wanted, fixed.get().host(), fixed.get().port(), "fixed by the configuration");
    }
    Choice port = port(wanted, layout, environment);
    Choice host = host(wanted, layout, environment, network);
    return advertised(
        wanted,
        host.value,
        HostPort.parsePort(port.value),
        host.reason.equals(port.reason)
            ? host.reason
            : "host: " + host.reason + ", port: " + port.reason);
  }

  /** The lease's time to live as the environment has it, if it does. */
  static Optional<Duration> leaseTtl(Layout layout, Map<String, String> environment) {
    String variable = layout.environmentPrefix() + "_ETCD_REGISTRY_LEASE_TTL";
    return variable(environment, variable).map(value -> seconds(variable, value));
  }

  @Override
  public String toString() {
    return fixed
        .map(address -> "AddressPolicy[fixed " + address + "]")
        .orElse(
            "AddressPolicy[preferred=" + preferred + ", loopbackAllowed=" + loopbackAllowed + "]");
  }

  /** A host or a port, and where it comes from. */
  private record Choice(String value, String reason) {}

  private Choice host(
      Instance wanted, Layout layout, Map<String, String> environment, LocalNetwork network) {
    String variable = layout.environmentPrefix() + "_IP_TO_REGISTRY";
    Optional<String> value = variable(environment, variable);
    if (value.isPresent()) {
      return new Choice(checkedHost(variable, value.get()), "environment variable " + variable);
    }
    String given = wanted.host().isEmpty() ? "" : HostPort.canonicalHost(wanted.host());
    return WILDCARDS.contains(given)
        ? hostOfInterfaces(wanted, variable, network)
        : new Choice(given, "as given");
  }

  private Choice hostOfInterfaces(Instance wanted, String variable, LocalNetwork network) {
    try {
      Optional<InterfaceChoice.Candidate> found = new InterfaceChoice(preferred, network).choose();
      if (found.isPresent()) {
        return new Choice(
            found.get().host(),
            "network interface "
                + found.get().interfaceName()
                + (found.get().preference() < preferred.size()
                    ? " in the preferred network " + preferred.get(found.get().preference())
                    : ""));
      }
    } catch (IOException e) {
      throw new RegistryException(noAddress(wanted, variable), e);
    }
    if (loopbackAllowed) {
      return new Choice(LOOPBACK, "loopback, because the machine has no other address");
    }
    throw new RegistryException(noAddress(wanted, variable));
  }

  private static String noAddress(Instance wanted, String variable) {
    return "no address to register for "
        + wanted.address()
        + ": no network interface has one that others can reach. Register an explicit host, set "
        + variable
        + ", name the network with AddressPolicy.preferring, use AddressPolicy.fixed, or for tests on one machine"
        + " AddressPolicy.allowLoopback";
  }

  private static Choice port(Instance wanted, Layout layout, Map<String, String> environment) {
    String variable = layout.environmentPrefix() + "_PORT_TO_REGISTRY";
    Optional<String> value = variable(environment, variable);
    if (value.isPresent()) {
      return new Choice(checkedPort(variable, value.get()), "environment variable " + variable);
    }
    if (wanted.port() == 0) {
      throw new IllegalArgumentException(
          "port: 0 (expected: the port that the server listens on; register after the server has bound it, or set "
              + variable
              + ")");
    }
    return new Choice(Integer.toString(wanted.port()), "as given");
  }

  private static String checkedPort(String variable, String value) {
    try {
      return Integer.toString(HostPort.parsePort(value));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(variable + ": " + e.getMessage(), e);
    }
  }

  private static String checkedHost(String variable, String value) {
    String host;
    try {
      host = HostPort.canonicalHost(withoutBrackets(value));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(variable + ": " + e.getMessage(), e);
    }
    if (WILDCARDS.contains(host)) {
      throw new IllegalArgumentException(
          variable + ": \"" + host + "\" (expected: an address that others can reach)");
    }
    return host;
  }

  private static String withoutBrackets(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  private static AdvertisedAddress advertised(
      Instance wanted, String host, int port, String reason) {
    return new AdvertisedAddress(wanted.withHostPort(host, port), reason);
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  private static Duration seconds(String variable, String value) {
    boolean number = value.matches("[0-9]{1,9}");
    Duration ttl = number ? Duration.ofSeconds(Long.parseLong(value)) : Duration.ZERO;
    if (ttl.compareTo(MIN_LEASE_TTL) < 0) {
      throw new IllegalArgumentException(
          variable + ": \"" + LogText.escape(value) + "\" (expected: whole seconds, at least 2)");
    }
    return ttl;
  }
}
