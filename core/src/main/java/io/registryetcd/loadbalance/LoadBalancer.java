package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import io.registryetcd.Snapshot;
import java.util.List;

/**
 * A way to spread calls over the instances of a service: makes a {@link Picker} for each new list
 * of them.
 *
 * <pre>{@code
 * Picker picker = LoadBalancer.weightedRoundRobin().picker(resolver.resolve("Hello"));
 * Instance instance = picker.pick();
 * }</pre>
 *
 * <p>Load balancers are stateless and safe for use by many threads.
 *
 * @since 0.1
 */
public interface LoadBalancer {

  /**
   * Smooth weighted round robin, the default: each instance gets its share in every cycle, spread
   * evenly over it. An instance whose weight is not above 0 is not picked, unless that is so for
   * all: then all take equal turns.
   *
   * @return the load balancer
   */
  static LoadBalancer weightedRoundRobin() {
    return SmoothWeightedRoundRobin.INSTANCE;
  }

  /**
   * Random choice with equal chances, whatever the weights.
   *
   * @return the load balancer
   */
  static LoadBalancer random() {
    return RandomChoice.INSTANCE;
  }

  /**
   * A picker over these instances.
   *
   * @param instances copied if it is not immutable; may be empty
   * @return the picker
   */
  Picker picker(List<Instance> instances);

  /**
   * A picker over the instances of a snapshot.
   *
   * @param snapshot the snapshot
   * @return the picker
   */
  default Picker picker(Snapshot snapshot) {
    return picker(snapshot.instances());
  }
}
