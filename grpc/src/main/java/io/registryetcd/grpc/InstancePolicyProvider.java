package io.registryetcd.grpc;

import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import io.registryetcd.loadbalance.LoadBalancer;
import java.util.Map;

/** A load-balancing policy of gRPC that is one of ours: its name, and how it chooses. */
abstract class InstancePolicyProvider extends LoadBalancerProvider {

  private final String name;
  private final LoadBalancer choice;

  InstancePolicyProvider(String name, LoadBalancer choice) {
    this.name = name;
    this.choice = choice;
  }

  @Override
  public final boolean isAvailable() {
    return true;
  }

  @Override
  public final int getPriority() {
    return 5;
  }

  @Override
  public final String getPolicyName() {
    return name;
  }

  @Override
  public final io.grpc.LoadBalancer newLoadBalancer(io.grpc.LoadBalancer.Helper helper) {
    return new InstanceLoadBalancer(helper, choice::picker);
  }

  @Override
  public final ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> rawConfig) {
    return ConfigOrError.fromConfig("no config");
  }
}
