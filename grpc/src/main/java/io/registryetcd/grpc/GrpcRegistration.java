package io.registryetcd.grpc;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Describes how a gRPC server is registered: under which names, with which weight and tags, at
 * which address, and how it is shut down.
 *
 * <pre>{@code
 * RegisteredServer server = EtcdGrpc.registration(registry)
 *     .service("Hello").service("Greeter")
 *     .weight(20).tag("zone", "a")
 *     .start(Grpc.newServerBuilderForPort(8888, credentials).addService(new HelloService()));
 * }</pre>
 *
 * <p>The address is that on which the server really listens: its first IP socket, with the port it
 * got. A wildcard address is replaced as the registry's {@code AddressPolicy} says. Not safe for
 * use by several threads.
 *
 * @since 0.1
 */
public final class GrpcRegistration {

  private final EtcdRegistry registry;
  private final Set<String> services = new LinkedHashSet<>();
  private Instance description = Instance.of("", 0);
  private Optional<HostAndPort> advertised = Optional.empty();
  private Optional<ServingStatus> health = Optional.empty();
  private Duration drainDelay = Duration.ofSeconds(6);
  private Duration grace = Duration.ofSeconds(5);

  GrpcRegistration(EtcdRegistry registry) {
    this.registry = registry;
  }

  /**
   * A name to register under. May be called several times: the server is then registered under each
   * of the names.
   *
   * @param name the service's name
   * @return this
   */
  public GrpcRegistration service(String name) {
    services.add(name);
    return this;
  }

  /**
   * The server's weight. Default 0, which leaves it to the readers (they take 10).
   *
   * @param weight its share of calls relative to the others
   * @return this
   */
  public GrpcRegistration weight(int weight) {
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
  public GrpcRegistration tag(String key, String value) {
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
  public GrpcRegistration advertise(String address) {
    try {
      advertised = Optional.of(HostAndPort.fromString(address));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("advertise: " + address + " (expected: host:port)", e);
    }
    return this;
  }

  /**
   * The health service that was added to the server, to be set to NOT_SERVING for good when the
   * server shuts down. Nothing else is done to it. Without it {@link #start(ServerBuilder)} adds
   * one, if grpc-services is there.
   *
   * @param manager the manager of the server's health service
   * @return this
   */
  public GrpcRegistration health(HealthStatusManager manager) {
    health = Optional.of(new GrpcHealth(manager));
    return this;
  }

  /**
   * How long the server goes on serving after it was deregistered. Default 6 s, because a Kitex
   * client polls every 5 s.
   *
   * @param delay not negative
   * @return this
   */
  public GrpcRegistration drainDelay(Duration delay) {
    drainDelay = notNegative("drainDelay", delay);
    return this;
  }

  /**
   * How long calls under way may take, once the server accepts no new ones. Default 5 s; what is
   * left then is cancelled.
   *
   * @param time not negative
   * @return this
   */
  public GrpcRegistration grace(Duration time) {
    grace = notNegative("grace", time);
    return this;
  }

  /**
   * Builds, starts and registers a server. If grpc-services is there and {@link #health} was not
   * called, a health service is added first; so do not add one yourself without telling.
   *
   * @param server the server, not built yet
   * @return the running server, whose registration goes on in the background
   * @throws IOException if it cannot listen
   * @throws IllegalArgumentException if a name or the address is illegal; the server is then
   *     stopped
   * @throws IllegalStateException if no name was given
   */
  public RegisteredServer start(ServerBuilder<?> server) throws IOException {
    if (health.isEmpty() && GrpcHealth.isAvailable()) {
      health = Optional.of(GrpcHealth.addedTo(server));
    }
    return start(server.build());
  }

  /**
   * Registers a server.
   *
   * @param server started by this call, unless it runs already
   * @return the running server, whose registration goes on in the background
   * @throws IOException if it cannot listen
   * @throws IllegalArgumentException if a name or the address is illegal; the server is then
   *     stopped
   * @throws IllegalStateException if no name was given, or the server was shut down
   */
  public RegisteredServer start(Server server) throws IOException {
    if (services.isEmpty()) {
      throw new IllegalStateException("service: none (expected: service(name) before start)");
    }
    if (!isStarted(server)) {
      server.start();
    }
    List<Registration> registrations = new ArrayList<>();
    try {
      Instance instance = instance(server);
      services.forEach(service -> registrations.add(registry.register(service, instance)));
    } catch (RuntimeException e) {
      registrations.forEach(Registration::close);
      server.shutdownNow();
      throw e;
    }
    return new RegisteredServer(server, registrations, health, drainDelay, grace);
  }

  private static boolean isStarted(Server server) {
    if (server.isShutdown()) {
      throw new IllegalStateException("server: shut down (expected: one that runs, or is new)");
    }
    try {
      server.getListenSockets();
      return true;
    } catch (IllegalStateException notStarted) {
      return false;
    }
  }

  private Instance instance(Server server) {
    if (advertised.isPresent() && advertised.get().hasPort()) {
      return at(advertised.get().getHost(), advertised.get().getPort());
    }
    List<? extends SocketAddress> sockets = server.getListenSockets();
    for (SocketAddress socket : sockets) {
      if (socket instanceof InetSocketAddress ip) {
        return at(advertised.map(HostAndPort::getHost).orElseGet(() -> host(ip)), ip.getPort());
      }
    }
    throw new IllegalArgumentException(
        "server: listens on "
            + sockets
            + " (expected: an IP address, or advertise(\"host:port\") to say where it is reached)");
  }

  private Instance at(String host, int port) {
    return Instance.of(host, port).withWeight(description.weight()).withTags(description.tags());
  }

  private static String host(InetSocketAddress socket) {
    InetAddress address = socket.getAddress();
    if (address == null) {
      return socket.getHostString();
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
