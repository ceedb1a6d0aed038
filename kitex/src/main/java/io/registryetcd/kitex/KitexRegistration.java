package io.registryetcd.kitex;

import io.registryetcd.EtcdRegistry;
import io.registryetcd.server.RegisteredServer;
import io.registryetcd.server.ServerRegistration;
import java.io.IOException;

/**
 * Describes how a {@link KitexServer} is registered: under which names, with which weight and tags,
 * at which address, and how it is shut down.
 *
 * <pre>{@code
 * RegisteredServer<KitexServer> server = KitexRegistration.of(registry)
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
 * wildcard address is replaced as the registry's {@code AddressPolicy} says. In the shutdown the
 * server tells its clients to drop their connections after the drain delay. Not safe for use by
 * several threads.
 *
 * @since 0.1
 */
public final class KitexRegistration extends ServerRegistration<KitexRegistration> {

  private KitexRegistration(EtcdRegistry registry) {
    super(registry);
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

  @Override
  protected KitexRegistration self() {
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
  public RegisteredServer<KitexServer> start(KitexServer.Builder server) throws IOException {
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
  public RegisteredServer<KitexServer> start(KitexServer server) {
    checkServices();
    if (server.isShutdown()) {
      throw new IllegalStateException("server: shut down (expected: one that runs)");
    }
    return register(server, new KitexServerControl(server));
  }
}
