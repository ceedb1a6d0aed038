package io.registryetcd.kitex;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Describes how a {@link KitexServer} is registered: under which names, with which weight and tags,
 * at which address, and how it is shut down.
 *
 * <pre>{@code
 * RegisteredKitexServer server = KitexRegistration.of(registry)
 *     .service("Hello")
 *     .weight(20).tag("zone", "a")
 *     .start(KitexServer.builder()
 *         .service(ThriftService.of(Hello.Iface.class, new HelloHandler(), Hello.Processor::new))
 *         .listen(new InetSocketAddress(8888)));
 * server.shutdownOnExit();
 * }</pre>
 *
 * <p>The names are those by which clients look the server up, and need not be those of its
 * services. The address is that on which the server really listens, with the port it got. A
 * wildcard address is replaced as the registry's {@code AddressPolicy} says. Not safe for use by
 * several threads.
 *
 * @since 0.1
 */
public final class KitexRegistration {

  private final EtcdRegistry registry;
  private final Set<String> services = new LinkedHashSet<>();
  private Instance description = Instance.of("", 0);
  private Optional<HostAndPort> advertised = Optional.empty();
  private Duration drainDelay = Duration.ofSeconds(6);
  private Duration grace = Duration.ofSeconds(5);

  private KitexRegistration(EtcdRegistry registry) {
    this.registry = registry;
  }

  /**
   * Begins to describe the registration of a server.
   *
   * @param registry where to register; not closed by the server
   * @return a new builder
   */
  public static KitexRegistration of(EtcdRegistry registry) {
    return new KitexRegistration(registry);
  }

  /**
   * A name to register under. May be called several times: the server is then registered under each
   * of the names.
   *
   * @param name the service's name in the registry
   * @return this
   */
  public KitexRegistration service(String name) {
    services.add(name);
    return this;
  }

  /**
   * The server's weight. Default 0, which leaves it to the readers (they take 10).
   *
   * @param weight its share of calls relative to the others
   * @return this
   */
  public KitexRegistration weight(int weight) {
    description = description.withWeight(weight);
    return this;
  }

  /**
   * A tag of the server.
   *
   * @param key the tag's name
   * @param value the tag's value
   * @return this
   */
  public KitexRegistration tag(String key, String value) {
    description = description.withTag(key, value);
    return this;
  }

  /**
   * The address to register instead of that on which the server listens. The environment variables
   * and the fixed address that the registry's {@code AddressPolicy} knows still go before it.
   *
   * @param address {@code host:port}, IPv6 in brackets; without a port that of the server is taken
   * @return this
   */
  public KitexRegistration advertise(String address) {
    try {
      advertised = Optional.of(HostAndPort.fromString(address));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("advertise: " + address + " (expected: host:port)", e);
    }
    return this;
  }

  /**
   * How long the server goes on serving after it was deregistered. Default 6 s, because a Kitex
   * client polls every 5 s.
   *
   * @param delay not negative
   * @return this
   */
  public KitexRegistration drainDelay(Duration delay) {
    drainDelay = notNegative("drainDelay", delay);
    return this;
  }

  /**
   * How long calls under way may take, once the server accepts no new ones. Default 5 s; what is
   * left then is cut.
   *
   * @param time not negative
   * @return this
   */
  public KitexRegistration grace(Duration time) {
    grace = notNegative("grace", time);
    return this;
  }

  /**
   * Starts and registers a server.
   *
   * @param server the server, not started yet
   * @return the running server, whose registration goes on in the background
   * @throws IOException if it cannot listen
   * @throws IllegalArgumentException if a name or the address is illegal; the server is then
   *     stopped
   * @throws IllegalStateException if no name was given, or the server lacks a service or an address
   */
  public RegisteredKitexServer start(KitexServer.Builder server) throws IOException {
    checkServices();
    return start(server.start());
  }

  /**
   * Registers a server that runs.
   *
   * @param server the running server
   * @return the running server, whose registration goes on in the background
   * @throws IllegalArgumentException if a name or the address is illegal; the server is then
   *     stopped
   * @throws IllegalStateException if no name was given, or the server was shut down
   */
  public RegisteredKitexServer start(KitexServer server) {
    checkServices();
    if (server.isShutdown()) {
      throw new IllegalStateException("server: shut down (expected: one that runs)");
    }
    List<Registration> registrations = new ArrayList<>();
    try {
      Instance instance = instance(server);
      services.forEach(service -> registrations.add(registry.register(service, instance)));
    } catch (RuntimeException e) {
      registrations.forEach(Registration::close);
      server.close();
      throw e;
    }
    return new RegisteredKitexServer(server, registrations, drainDelay, grace);
  }

  private void checkServices() {
    if (services.isEmpty()) {
      throw new IllegalStateException("service: none (expected: service(name) before start)");
    }
  }

  private Instance instance(KitexServer server) {
    String host = advertised.map(HostAndPort::getHost).orElseGet(() -> host(server.address()));
    int port = advertised.map(to -> to.getPortOrDefault(server.port())).orElseGet(server::port);
    return Instance.of(host, port).withWeight(description.weight()).withTags(description.tags());
  }

  private static String host(InetSocketAddress listening) {
    InetAddress address = listening.getAddress();
    return address.isAnyLocalAddress() ? "" : InetAddresses.toAddrString(address);
  }

  private static Duration notNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: not negative)");
    }
    return value;
  }
}
