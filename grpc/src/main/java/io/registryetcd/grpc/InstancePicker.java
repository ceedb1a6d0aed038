package io.registryetcd.grpc;

import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.registryetcd.Instance;
import io.registryetcd.loadbalance.Picker;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Chooses an instance for a call, and lets its connection take it. Immutable but for the counters
 * inside the choice.
 */
final class InstancePicker extends SubchannelPicker {

  private final Picker choice;
  private final Map<Instance, SubchannelPicker> connections;

  private InstancePicker(Picker choice, Map<Instance, SubchannelPicker> connections) {
    this.choice = choice;
    this.connections = connections;
  }

  /**
   * A picker.
   *
   * @param instances at least one
   * @param connections for each instance, at the same index
   */
  static SubchannelPicker of(
      Function<List<Instance>, Picker> choice,
      List<Instance> instances,
      List<SubchannelPicker> connections) {
    Map<Instance, SubchannelPicker> byInstance = new HashMap<>();
    for (int i = 0; i < instances.size(); i++) {
      byInstance.put(instances.get(i), connections.get(i));
    }
    return new InstancePicker(choice.apply(List.copyOf(instances)), byInstance);
  }

  @Override
  public PickResult pickSubchannel(PickSubchannelArgs args) {
    SubchannelPicker connection = connections.get(choice.pick());
    if (connection == null) {
      throw new IllegalStateException("the load balancer picked an instance it was not given");
    }
    return connection.pickSubchannel(args);
  }
}
