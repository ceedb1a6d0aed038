package io.registryetcd.grpc;

import io.registryetcd.loadbalance.LoadBalancer;

/**
 * The load-balancing policy {@value EtcdGrpc#WEIGHTED_ROUND_ROBIN}: calls in proportion to the
 * weights of the instances, spread evenly. gRPC finds it by itself; targets of the scheme {@code
 * etcd} use it unless told otherwise. It takes no configuration.
 *
 * @since 0.1
 */
public final class EtcdWeightedRoundRobinProvider extends InstancePolicyProvider {

  /** Called by gRPC. */
  public EtcdWeightedRoundRobinProvider() {
    super(EtcdGrpc.WEIGHTED_ROUND_ROBIN, LoadBalancer.weightedRoundRobin());
  }
}
