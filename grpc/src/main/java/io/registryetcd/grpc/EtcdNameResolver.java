package io.registryetcd.grpc;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import io.registryetcd.RegistryException;
import io.registryetcd.ServiceView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Hands the instances of one service to one channel, at every change of a view.
 *
 * <p>What a channel is told: before etcd has answered, an error if there is one, else nothing. From
 * then on only lists, an empty one too; while etcd is away nothing, so that the channel goes on
 * with the instances it has.
 *
 * <p>Everything after {@link #start} happens in the channel's synchronization context, so no field
 * needs a lock. A view's listeners only say that there is news; the snapshot is read in the
 * context, so a newer one is never followed by an older one.
 */
final class EtcdNameResolver extends NameResolver {

  /**
   * Attribute of a result: the range of keys it was read from, for messages about an empty list.
   */
  static final Attributes.Key<String> KEY_RANGE = Attributes.Key.create("key range in etcd");

  private final EtcdTarget target;
  private final ResolverSource source;
  private final Optional<ConfigOrError> serviceConfig;
  private final SynchronizationContext syncContext;
  private final Executor offload;
  private final AddressGroups addressGroups;
  private final List<AutoCloseable> open = new ArrayList<>();

  private @Nullable Listener2 listener;
  private @Nullable ServiceView view;
  private @Nullable List<EquivalentAddressGroup> published;
  private boolean shutdown;

  EtcdNameResolver(
      EtcdTarget target, ResolverSource source, Optional<ConfigOrError> serviceConfig, Args args) {
    this.target = target;
    this.source = source;
    this.serviceConfig = serviceConfig;
    this.syncContext = args.getSynchronizationContext();
    this.offload = offload(args);
    this.addressGroups = new AddressGroups(target.service(), args, this::publish);
  }

  @Override
  public String getServiceAuthority() {
    return target.serviceAuthority();
  }

  @Override
  public void start(Listener2 listener) {
    this.listener = listener;
    lookUp();
  }

  private void lookUp() {
    try {
      ResolverSource.Lease lease = source.acquire();
      open.add(lease);
      ServiceView opened = lease.resolver().view(target.service());
      open.add(0, opened);
      view = opened;
      open.add(0, opened.onChange(change -> publishLatest(opened)));
      open.add(0, opened.onProblem(problem -> onProblem(opened, problem)));
      // An empty first list is no change, but must be told too.
      CompletableFuture<Void> unused =
          opened.whenReady().thenRunAsync(() -> publishLatest(opened), offload);
    } catch (RuntimeException e) {
      release();
      // Thrown from here it would put the whole channel into panic; told, it leads to refresh().
      publishError("cannot look up " + target.service() + ": " + e.getMessage());
    }
  }

  /**
   * A wish for fresher addresses, or the channel's next try after an error. Addresses are fresh
   * while etcd is watched, so it is only passed on to a view that is not.
   */
  @Override
  public void refresh() {
    ServiceView current = view;
    if (current != null) {
      current.refresh();
    } else if (!shutdown) {
      lookUp();
    }
  }

  @Override
  public void shutdown() {
    shutdown = true;
    addressGroups.close();
    release();
  }

  private void release() {
    open.forEach(EtcdNameResolver::close);
    open.clear();
    view = null;
  }

  private void publishLatest(ServiceView current) {
    syncContext.execute(() -> addressGroups.accept(current.snapshot().instances()));
  }

  private void onProblem(ServiceView current, RegistryException problem) {
    syncContext.execute(
        () -> {
          if (published == null) {
            publishError("cannot list " + current.keyRange() + " in etcd: " + problem.getMessage());
          }
        });
  }

  private void publish(List<EquivalentAddressGroup> groups) {
    if (shutdown || listener == null || view == null || groups.equals(published)) {
      return;
    }
    published = groups;
    ResolutionResult.Builder result =
        ResolutionResult.newBuilder()
            .setAddressesOrError(StatusOr.fromValue(groups))
            .setAttributes(Attributes.newBuilder().set(KEY_RANGE, view.keyRange()).build());
    serviceConfig.ifPresent(result::setServiceConfig);
    // A refusal by the load balancer is answered by the channel with refresh(), which has nothing
    // to add.
    Status unused = listener.onResult2(result.build());
  }

  /** Without the cause: gRPC would log its stack trace each time, and the message says it all. */
  private void publishError(String message) {
    if (!shutdown && listener != null) {
      Status error = Status.UNAVAILABLE.withDescription(message);
      Status unused =
          listener.onResult2(
              ResolutionResult.newBuilder()
                  .setAddressesOrError(StatusOr.fromStatus(error))
                  .build());
    }
  }

  /**
   * For what may block or is not the channel's own; a channel always has one, other users of name
   * resolvers may not.
   */
  static Executor offload(Args args) {
    Executor given = args.getOffloadExecutor();
    return given == null ? Runnable::run : given;
  }

  private static void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new AssertionError("views, subscriptions and leases throw nothing checked", e);
    }
  }
}
