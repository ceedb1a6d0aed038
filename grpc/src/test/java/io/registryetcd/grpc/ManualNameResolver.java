package io.registryetcd.grpc;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.registryetcd.Instance;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A name resolver for one channel, whose results are given by hand; and the target that leads to
 * it.
 */
final class ManualNameResolver extends NameResolverProvider implements AutoCloseable {

  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final String scheme = "manual" + NUMBERS.incrementAndGet();
  private final String policy;
  private final CompletableFuture<Started> started = new CompletableFuture<>();

  private record Started(NameResolver.Args args, NameResolver.Listener2 listener) {}

  private ManualNameResolver(String policy) {
    this.policy = policy;
  }

  static ManualNameResolver create(String policy) {
    var resolver = new ManualNameResolver(policy);
    NameResolverRegistry.getDefaultRegistry().register(resolver);
    return resolver;
  }

  ManagedChannelBuilder<?> channel() {
    return ManagedChannelBuilder.forTarget(scheme + ":///x").usePlaintext();
  }

  /** Returns when the channel and its load balancer have taken the list. */
  void publish(Instance... instances) {
    List<EquivalentAddressGroup> groups =
        Stream.of(instances)
            .map(
                i ->
                    new EquivalentAddressGroup(
                        new InetSocketAddress(i.host(), i.port()),
                        Attributes.newBuilder().set(EtcdGrpc.INSTANCE, i).build()))
            .toList();
    publish(StatusOr.fromValue(groups));
  }

  void fail(Status error) {
    publish(StatusOr.fromStatus(error));
  }

  private void publish(StatusOr<List<EquivalentAddressGroup>> groups) {
    Started channel = started.orTimeout(10, TimeUnit.SECONDS).join();
    NameResolver.ConfigOrError config =
        channel
            .args()
            .getServiceConfigParser()
            .parseServiceConfig(Map.of("loadBalancingConfig", List.of(Map.of(policy, Map.of()))));
    NameResolver.ResolutionResult result =
        NameResolver.ResolutionResult.newBuilder()
            .setAddressesOrError(groups)
            .setAttributes(
                Attributes.newBuilder().set(EtcdNameResolver.KEY_RANGE, "keys/of/x/").build())
            .setServiceConfig(config)
            .build();
    var context = channel.args().getSynchronizationContext();
    var applied = new CompletableFuture<Void>();
    context.execute(
        () -> {
          Status unused = channel.listener().onResult2(result);
          // after the new picker, which old versions of gRPC put into the queue
          context.execute(() -> applied.complete(null));
        });
    applied.orTimeout(10, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    NameResolverRegistry.getDefaultRegistry().deregister(this);
  }

  @Override
  public NameResolver newNameResolver(URI targetUri, NameResolver.Args args) {
    return new NameResolver() {
      @Override
      public String getServiceAuthority() {
        return "x";
      }

      @Override
      public void start(Listener2 listener) {
        started.complete(new Started(args, listener));
      }

      @Override
      public void shutdown() {}
    };
  }

  @Override
  public String getDefaultScheme() {
    return scheme;
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return 1;
  }
}
