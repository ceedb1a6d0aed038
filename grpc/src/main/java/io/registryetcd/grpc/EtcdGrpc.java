package io.registryetcd.grpc;

import io.grpc.Attributes;
import io.grpc.NameResolver;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.server.RegisteredServer;
import java.io.IOException;
import java.util.Map;

/**
 * The front door of the gRPC adapter: registers servers, and holds the keys by which a channel is
 * given a resolver and a service config.
 *
 * <pre>{@code
 * // server: starts it and registers it at the port it got
 * RegisteredServer<Server> server = EtcdGrpc.register(registry, "Hello",
 *     Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create()).addService(new HelloService()));
 * server.shutdownOnExit();
 *
 * // client: nothing but a target, the endpoints come from the environment ...
 * ManagedChannel channel =
 *     Grpc.newChannelBuilder("etcd:///Hello", InsecureChannelCredentials.create()).build();
 * // ... or with a resolver made in code
 * ManagedChannel other = Grpc.newChannelBuilder("etcd:///Hello", InsecureChannelCredentials.create())
 *     .setNameResolverArg(EtcdGrpc.RESOLVER, resolver)
 *     .build();
 * }</pre>
 *
 * <p>The targets are described at {@link EtcdNameResolverProvider}.
 *
 * @since 0.1
 */
public final class EtcdGrpc {

  /**
   * The load-balancing policy that targets of the scheme {@code etcd} use unless told otherwise:
   * {@value}. Each instance gets calls in proportion to its weight.
   */
  public static final String WEIGHTED_ROUND_ROBIN = "etcd_weighted_round_robin";

  /**
   * The load-balancing policy of {@code ?lb=random}: {@value}. Equal chances, whatever the weights.
   */
  public static final String RANDOM = "etcd_random";

  /**
   * The resolver that a channel uses, given with {@code setNameResolverArg}. It is shared by as
   * many channels as one likes, and closed by who made it. It decides about endpoints, layout and
   * secrets; those of the target are ignored.
   */
  public static final NameResolver.Args.Key<EtcdResolver> RESOLVER =
      NameResolver.Args.Key.create("io.registryetcd.grpc.RESOLVER");

  /**
   * A service config of the user's own, given with {@code setNameResolverArg}, in the form of
   * {@code ManagedChannelBuilder.defaultServiceConfig}: method configs, retry policies and so on.
   * The load-balancing policy is added to it unless it names one itself.
   *
   * <p>It is needed because a channel drops its default service config as soon as a name resolver
   * supplies one.
   */
  public static final NameResolver.Args.Key<Map<String, ?>> SERVICE_CONFIG =
      NameResolver.Args.Key.create("io.registryetcd.grpc.SERVICE_CONFIG");

  /**
   * The attribute of each address group that holds its instance, with weight and tags: for
   * load-balancing policies of the user's own.
   */
  public static final Attributes.Key<Instance> INSTANCE =
      Attributes.Key.create("io.registryetcd.grpc.INSTANCE");

  private EtcdGrpc() {}

  /**
   * Builds, starts and registers a server under one name, with all defaults.
   *
   * @param registry where to register; not closed by the server
   * @param service the service's name
   * @param server not built yet, so that a health service can be added
   * @return the running server
   * @throws IOException if it cannot listen
   */
  public static RegisteredServer<Server> register(
      EtcdRegistry registry, String service, ServerBuilder<?> server) throws IOException {
    return registration(registry).service(service).start(server);
  }

  /**
   * Registers a server under one name, with all defaults.
   *
   * @param registry where to register; not closed by the server
   * @param service the service's name
   * @param server started by this call, unless it runs already
   * @return the running server
   * @throws IOException if it cannot listen
   */
  public static RegisteredServer<Server> register(
      EtcdRegistry registry, String service, Server server) throws IOException {
    return registration(registry).service(service).start(server);
  }

  /**
   * Begins to describe the registration of a server: several names, weight, tags, address, health.
   *
   * @param registry where to register; not closed by the server
   * @return a new builder
   */
  public static GrpcRegistration registration(EtcdRegistry registry) {
    return new GrpcRegistration(registry);
  }
}
