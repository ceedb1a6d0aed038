package io.registryetcd.grpc;

import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.server.RegisteredServer;
import io.registryetcd.server.ServerRegistration;
import java.io.IOException;
import java.util.Optional;

/**
 * Describes how a gRPC server is registered: under which names, with which weight and tags, at
 * which address, and how it is shut down.
 *
 * <pre>{@code
 * RegisteredServer<Server> server = EtcdGrpc.registration(registry)
 *     .service("Hello").service("Greeter")
 *     .weight(20).tag("zone", "a")
 *     .start(Grpc.newServerBuilderForPort(8888, credentials).addService(new HelloService()));
 * }</pre>
 *
 * <p>The address is that on which the server really listens: its first IP socket, with the port it
 * got. A wildcard address is replaced as the registry's {@code AddressPolicy} says. In the shutdown
 * the server says NOT_SERVING to health checks after the drain delay, before it accepts no more
 * calls. Not safe for use by several threads.
 *
 * @since 0.1
 */
public final class GrpcRegistration extends ServerRegistration<GrpcRegistration> {

  private Optional<ServingStatus> health = Optional.empty();

  GrpcRegistration(EtcdRegistry registry) {
    super(registry);
  }

  @Override
  protected GrpcRegistration self() {
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
  public RegisteredServer<Server> start(ServerBuilder<?> server) throws IOException {
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
  public RegisteredServer<Server> start(Server server) throws IOException {
    checkServices();
    if (!isStarted(server)) {
      server.start();
    }
    return register(server, new GrpcServerControl(server, health));
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
}
