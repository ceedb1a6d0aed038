package io.registryetcd.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.Status;
import io.grpc.SynchronizationContext.ScheduledHandle;
import io.grpc.util.ForwardingLoadBalancerHelper;
import io.registryetcd.Instance;
import io.registryetcd.loadbalance.Picker;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a connection to each instance and spreads calls over those that are connected.
 *
 * <p>Each address group has a child of gRPC's policy {@code pick_first}, which sees the bare
 * addresses: weight and tags are taken off first. So a change of weights only makes a new picker
 * and no connection is touched. An instance that leaves is first taken out of the picker and then
 * shut down, so it gets no new call, and its calls under way end in their own time.
 *
 * <p>Ready if one child is; else connecting if one child is or will be; else failed, with the error
 * of a child. Children connect without being asked, and again when a connection ends.
 *
 * <p>Not thread-safe: gRPC calls it, and the children call back, in the channel's synchronization
 * context.
 */
final class InstanceLoadBalancer extends LoadBalancer {

  private static final PickResult WAIT = PickResult.withNoResult();

  /** With more children than this, what happens to them is taken together for a moment. */
  private static final int MANY = 64;

  private static final long MOMENT_MILLIS = 50;

  private final Helper helper;
  private final Function<List<Instance>, Picker> choice;
  private final LoadBalancerProvider pickFirst;

  private Map<List<SocketAddress>, Child> children = new LinkedHashMap<>();
  private boolean updatingChildren;
  private Optional<Shown> shown = Optional.empty();
  private @Nullable ScheduledHandle pendingShow;

  /** What the channel was told last; told again only when it differs. */
  private record Shown(
      ConnectivityState state, List<Instance> instances, List<SubchannelPicker> pickers) {}

  /**
   * A load balancer for one channel.
   *
   * @param helper the channel
   * @param choice makes the picker over the connected instances
   */
  InstanceLoadBalancer(Helper helper, Function<List<Instance>, Picker> choice) {
    this.helper = helper;
    this.choice = choice;
    this.pickFirst = pickFirst();
  }

  /** Takes an empty list too: nobody may be called any more. */
  @Override
  public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
    Map<List<SocketAddress>, Child> old = children;
    children = new LinkedHashMap<>();
    updatingChildren = true;
    try {
      for (EquivalentAddressGroup group : resolved.getAddresses()) {
        Child child = old.remove(group.getAddresses());
        if (child == null && !children.containsKey(group.getAddresses())) {
          child = new Child();
        }
        if (child != null) {
          children.put(group.getAddresses(), child);
          child.update(group, resolved);
        }
      }
    } finally {
      updatingChildren = false;
    }
    if (children.isEmpty()) {
      fail(noInstance(resolved));
    } else {
      show();
    }
    old.values().forEach(Child::close);
    return Status.OK;
  }

  /**
   * Only matters while there is nothing better: an error says nothing about the instances that are
   * known.
   */
  @Override
  public void handleNameResolutionError(Status error) {
    if (children.isEmpty()) {
      fail(error);
    }
  }

  @Override
  public void requestConnection() {
    children.values().forEach(Child::reconnect);
  }

  @Override
  public void shutdown() {
    cancelPendingShow();
    children.values().forEach(Child::close);
    children.clear();
  }

  private static Status noInstance(ResolvedAddresses resolved) {
    String range = resolved.getAttributes().get(EtcdNameResolver.KEY_RANGE);
    return Status.UNAVAILABLE.withDescription(
        range == null
            ? "no instance: the name resolver found no address"
            : "no instance registered: etcd has no usable key under " + range);
  }

  private void fail(Status error) {
    cancelPendingShow();
    shown = Optional.empty();
    helper.updateBalancingState(
        TRANSIENT_FAILURE, new FixedResultPicker(PickResult.withError(error)));
  }

  /**
   * A new picker for thousands of instances takes milliseconds. So when they all connect or go at
   * once, not each of them gets one; until then a call may wait for a connection that has just
   * ended.
   */
  private void showSoon() {
    if (children.size() <= MANY || shownState() != READY || aggregate() != READY) {
      show();
    } else if (pendingShow == null) {
      pendingShow =
          helper
              .getSynchronizationContext()
              .schedule(
                  this::show, MOMENT_MILLIS, MILLISECONDS, helper.getScheduledExecutorService());
    }
  }

  private void cancelPendingShow() {
    if (pendingShow != null) {
      pendingShow.cancel();
      pendingShow = null;
    }
  }

  private ConnectivityState shownState() {
    return shown.map(Shown::state).orElse(IDLE);
  }

  private void show() {
    cancelPendingShow();
    ConnectivityState state = aggregate();
    var instances = new ArrayList<Instance>();
    var pickers = new ArrayList<SubchannelPicker>();
    for (Child child : children.values()) {
      if (child.state == state) {
        instances.add(child.instance);
        pickers.add(child.picker);
      }
    }
    var next = Optional.of(new Shown(state, instances, pickers));
    if (!next.equals(shown)) {
      shown = next;
      helper.updateBalancingState(state, picker(state, instances, pickers));
    }
  }

  private ConnectivityState aggregate() {
    ConnectivityState aggregate = TRANSIENT_FAILURE;
    for (Child child : children.values()) {
      if (child.state == READY) {
        return READY;
      }
      if (child.state == CONNECTING || child.state == IDLE) {
        aggregate = CONNECTING;
      }
    }
    return aggregate;
  }

  private SubchannelPicker picker(
      ConnectivityState state, List<Instance> instances, List<SubchannelPicker> pickers) {
    return switch (state) {
      case READY -> InstancePicker.of(choice, instances, pickers);
      case CONNECTING -> new FixedResultPicker(WAIT);
      default -> pickers.get(0);
    };
  }

  private static LoadBalancerProvider pickFirst() {
    LoadBalancerProvider provider =
        LoadBalancerRegistry.getDefaultRegistry().getProvider("pick_first");
    if (provider == null) {
      throw new IllegalStateException("no load-balancing policy pick_first (expected: grpc-core)");
    }
    return provider;
  }

  /** One instance: the helper of its {@code pick_first}, and what that said last. */
  private final class Child extends ForwardingLoadBalancerHelper {

    private final LoadBalancer balancer = pickFirst.newLoadBalancer(this);
    private @Nullable EquivalentAddressGroup bare;
    private Instance instance = Instance.of("", 0);
    private ConnectivityState state = CONNECTING;
    private SubchannelPicker picker = new FixedResultPicker(WAIT);

    void update(EquivalentAddressGroup group, ResolvedAddresses resolved) {
      instance = instance(group);
      var stripped =
          new EquivalentAddressGroup(
              group.getAddresses(),
              group.getAttributes().toBuilder().discard(EtcdGrpc.INSTANCE).build());
      if (!stripped.equals(bare)) {
        bare = stripped;
        Status unused =
            balancer.acceptResolvedAddresses(
                resolved.toBuilder()
                    .setAddresses(List.of(stripped))
                    .setLoadBalancingPolicyConfig(null)
                    .build());
      }
    }

    @Override
    public void updateBalancingState(ConnectivityState newState, SubchannelPicker newPicker) {
      if (state == SHUTDOWN) {
        return;
      }
      state = newState;
      picker = newPicker;
      if (newState == IDLE) {
        getSynchronizationContext().execute(this::reconnect);
      }
      if (!updatingChildren) {
        showSoon();
      }
    }

    void reconnect() {
      if (state == IDLE) {
        balancer.requestConnection();
      }
    }

    void close() {
      state = SHUTDOWN;
      balancer.shutdown();
    }

    @Override
    protected Helper delegate() {
      return helper;
    }
  }

  /**
   * The instance behind an address group; of a group by another name resolver one with equal
   * weight.
   */
  private static Instance instance(EquivalentAddressGroup group) {
    Instance instance = group.getAttributes().get(EtcdGrpc.INSTANCE);
    return instance == null
        ? Instance.unix(group.getAddresses().toString()).withWeight(1)
        : instance;
  }
}
