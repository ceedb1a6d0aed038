package io.registryetcd.grpc;

import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.Uri;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds gRPC servers by targets of the scheme {@code etcd}; gRPC finds this class by itself when
 * the jar is there.
 *
 * <table>
 * <caption>Targets</caption>
 * <tr><th>target</th><th>meaning</th></tr>
 * <tr><td>{@code etcd:///Hello}</td><td>the service Hello, in the etcd of {@link EtcdGrpc#RESOLVER} or of the
 *     environment</td></tr>
 * <tr><td>{@code etcd://10.0.0.1:2379/Hello}</td><td>in the etcd at this endpoint</td></tr>
 * <tr><td>{@code etcd:///Hello?endpoints=h1:2379,h2:2379}</td><td>in the etcd at these endpoints; {@code https://} before
 *     each for TLS with the JVM's trusted certificates</td></tr>
 * <tr><td>{@code ?prefix=kitex/registry-etcd}</td><td>another prefix of the keys</td></tr>
 * <tr><td>{@code ?layout=hertz}</td><td>the keys of Hertz instead of Kitex</td></tr>
 * <tr><td>{@code ?authority=hello.example.com}</td><td>the host name to expect in the servers' certificates, and the
 *     {@code :authority} of calls, instead of the service's name</td></tr>
 * <tr><td>{@code ?lb=random}</td><td>random choice instead of {@code weighted_round_robin}; {@code none} leaves the policy, and the
 *     service config, to the channel</td></tr>
 * </table>
 *
 * <p>The etcd to ask is, in this order, that of {@link EtcdGrpc#RESOLVER}, of the target, or of the
 * system property {@code registry.etcd.endpoints} or the environment variable {@code
 * REGISTRY_ETCD_ENDPOINTS} (a comma list). Secrets are never part of a target; without a resolver
 * they are read from {@code registry.etcd.user}, {@code .password}, {@code .ca}, {@code .cert} and
 * {@code .key} (files in PEM), or {@code REGISTRY_ETCD_USER} and so on. Channels with the same
 * endpoints, layout and identity share one etcd client, which is closed with the last of them.
 *
 * <p>A channel that was idle for 30 min (gRPC's {@code idleTimeout}) gives up its resolver and
 * begins anew with the next call.
 *
 * @since 0.1
 */
public sealed class EtcdNameResolverProvider extends NameResolverProvider {

  /** Below that of {@code dns}, which therefore stays the scheme of targets without one. */
  private static final int PRIORITY = 4;

  /**
   * The same for releases of gRPC that have {@code io.grpc.Uri} (1.79). A class of its own, because
   * the module system looks through the methods of a service class, and one with a parameter of an
   * unknown type would end the start of gRPC. On the class path nobody looks, so there it serves
   * all releases.
   *
   * @since 0.1
   */
  public static final class ForUri extends EtcdNameResolverProvider {

    /** Called by gRPC, by way of {@code META-INF/services}. */
    public ForUri() {}

    @Override
    public @Nullable NameResolver newNameResolver(Uri targetUri, NameResolver.Args args) {
      return create(targetUri.getScheme(), targetUri.toString(), args);
    }
  }

  private EtcdNameResolverProvider() {}

  /**
   * The provider for the gRPC that is there. Called by gRPC, by way of the module's declaration.
   *
   * @return a new provider
   */
  public static NameResolverProvider provider() {
    try {
      Class.forName("io.grpc.Uri", false, NameResolver.class.getClassLoader());
      return new ForUri();
    } catch (ClassNotFoundException olderGrpc) {
      return new EtcdNameResolverProvider();
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the target or what the environment adds to it is wrong,
   *     naming the part
   */
  @Override
  public @Nullable NameResolver newNameResolver(URI targetUri, NameResolver.Args args) {
    return create(targetUri.getScheme(), targetUri.toString(), args);
  }

  private static @Nullable NameResolver create(
      @Nullable String scheme, String targetUri, NameResolver.Args args) {
    if (!EtcdTarget.SCHEME.equalsIgnoreCase(scheme)) {
      return null;
    }
    EtcdTarget target = EtcdTarget.parse(targetUri);
    return new EtcdNameResolver(
        target,
        ResolverSource.of(target, args.getArg(EtcdGrpc.RESOLVER), EtcdSettings.ofProcess()),
        ServiceConfigs.parsed(target.policy(), args),
        args);
  }

  @Override
  public String getDefaultScheme() {
    return EtcdTarget.SCHEME;
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return List.of(InetSocketAddress.class);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }
}
