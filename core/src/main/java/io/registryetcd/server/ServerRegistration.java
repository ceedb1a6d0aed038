package io.registryetcd.server;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Describes how a server is registered: under which names, with which weight and tags, at which
 * address, and how it is shut down.
 *
 * <p>The names are those by which clients look the server up. The address is that on which the
 * server really listens, with the port it got; a wildcard address is replaced as the registry's
 * {@code AddressPolicy} says. Not safe for use by several threads.
 *
 * @param <B> the adapter for a kind of server, which adds how to start it
 * @since 0.1
 */
public abstract class ServerRegistration<B extends ServerRegistration<B>> {

  private final EtcdRegistry registry;
  private final Set<String> services = new LinkedHashSet<>();
  private Instance description = Instance.of("", 0);
  private Optional<HostAndPort> advertised = Optional.empty();
  private Duration drainDelay = Duration.ofSeconds(6);
  private Duration grace = Duration.ofSeconds(5);

  /**
   * For adapters.
   *
   * @param registry where to register; not closed by the server
   */
  protected ServerRegistration(EtcdRegistry registry) {
    this.registry = registry;
  }

  /**
   * For adapters: this, as what it is.
   *
   * @return this
   */
  protected abstract B self();

  /**
   * A name to register under. May be called several times: the server is then registered under each
   * of the names.
   *
   * @param name the service's name in the registry
   * @return this
   */
  public final B service(String name) {
    services.add(name);
    return self();
  }

  /**
   * The server's weight. Default 10.
   *
   * @param weight its share of calls relative to the others; 0 for 10, the default
   * @return this
   */
  public final B weight(int weight) {
    description = description.withWeight(weight);
    return self();
  }

  /**
   * A tag of the server.
   *
   * @param key the tag's name
   * @param value the tag's value
   * @return this
   */
  public final B tag(String key, String value) {
    description = description.withTag(key, value);
    return self();
  }

  /**
   * The address to register instead of that on which the server listens. The environment variables
   * and the fixed address that the registry's {@code AddressPolicy} knows still go before it.
   *
   * @param address {@code host:port}, IPv6 in brackets; without a port that of the server is taken
   * @return this
   * @throws IllegalArgumentException if it is anything else
   */
  public final B advertise(String address) {
    try {
      advertised = Optional.of(HostAndPort.fromString(address));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("advertise: " + address + " (expected: host:port)", e);
    }
    return self();
  }

  /**
   * How long the server goes on serving after it was deregistered. Default 6 s, because a Kitex
   * client polls every 5 s.
   *
   * @param delay not negative
   * @return this
   */
  public final B drainDelay(Duration delay) {
    drainDelay = notNegative("drainDelay", delay);
    return self();
  }

  /**
   * How long calls under way may take, once the server accepts no new ones. Default 5 s; what is
   * left then is cut.
   *
   * @param time not negative
   * @return this
   */
  public final B grace(Duration time) {
    grace = notNegative("grace", time);
    return self();
  }

  /**
   * For adapters: to be called before a server is started, so that none is started in vain.
   *
   * @throws IllegalStateException if no name was given
   */
  protected final void checkServices() {
    if (services.isEmpty()) {
      throw new IllegalStateException("service: none (expected: service(name) before start)");
    }
  }

  /**
   * For adapters: registers a server that runs.
   *
   * @param <S> the kind of server
   * @param server the running server
   * @param control how to stop it
   * @return the running server, whose registration goes on in the background
   * @throws IllegalArgumentException if a name or the address is illegal; the server is then
   *     stopped, without grace
   * @throws IllegalStateException if no name was given
   */
  protected final <S> RegisteredServer<S> register(S server, ServerControl control) {
    checkServices();
    List<Registration> registrations = new ArrayList<>();
    try {
      Instance instance = instance(control);
      services.forEach(service -> registrations.add(registry.register(service, instance)));
    } catch (RuntimeException e) {
      registrations.forEach(Registration::close);
      control.stop(Duration.ZERO);
      throw e;
    }
    return new RegisteredServer<>(server, control, registrations, drainDelay, grace);
  }

  private Instance instance(ServerControl control) {
    if (advertised.isPresent() && advertised.get().hasPort()) {
      return at(advertised.get().getHost(), advertised.get().getPort());
    }
    InetSocketAddress listening = control.address();
    return at(
        advertised.map(HostAndPort::getHost).orElseGet(() -> host(listening)), listening.getPort());
  }

  private Instance at(String host, int port) {
    return Instance.of(host, port).withWeight(description.weight()).withTags(description.tags());
  }

  private static String host(InetSocketAddress listening) {
    InetAddress address = listening.getAddress();
    if (address == null) {
      return listening.getHostString();
    }
    return address.isAnyLocalAddress() ? "" : InetAddresses.toAddrString(address);
  }

  private static Duration notNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: not negative)");
    }
    return value;
  }
}
