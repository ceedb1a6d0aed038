package io.registryetcd.grpc;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import java.util.Map;

/**
 * The load-balancing policy {@value EtcdGrpc#WEIGHTED_ROUND_ROBIN}: calls in proportion to the
 * weights of the instances, spread evenly. gRPC finds it by itself; targets of the scheme {@code
 * etcd} use it unless told otherwise. It takes no configuration.
 *
 * @since 0.1
 */
public final class EtcdWeightedRoundRobinProvider extends LoadBalancerProvider {

  /** Called by gRPC. */
  public EtcdWeightedRoundRobinProvider() {}

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public int getPriority() {
    return 5;
  }

  @Override
  public String getPolicyName() {
    return EtcdGrpc.WEIGHTED_ROUND_ROBIN;
  }

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    return new InstanceLoadBalancer(
        helper, io.registryetcd.loadbalance.LoadBalancer.weightedRoundRobin()::picker);
  }

  @Override
  public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> rawConfig) {
    return ConfigOrError.fromConfig("no config");
  }
}
