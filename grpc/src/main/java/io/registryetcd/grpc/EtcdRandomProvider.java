package io.registryetcd.grpc;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import java.util.Map;

/**
 * The load-balancing policy {@value EtcdGrpc#RANDOM}: a random instance for each call, with equal
 * chances, whatever the weights. gRPC finds it by itself; a target asks for it with {@code
 * ?lb=random}. It takes no configuration.
 *
 * @since 0.1
 */
public final class EtcdRandomProvider extends LoadBalancerProvider {

  /** Called by gRPC. */
  public EtcdRandomProvider() {}

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
    return EtcdGrpc.RANDOM;
  }

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    return new InstanceLoadBalancer(
        helper, io.registryetcd.loadbalance.LoadBalancer.random()::picker);
  }

  @Override
  public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> rawConfig) {
    return ConfigOrError.fromConfig("no config");
  }
}
