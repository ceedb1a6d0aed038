package io.registryetcd.grpc;

import io.registryetcd.loadbalance.LoadBalancer;

/**
 * The load-balancing policy {@value EtcdGrpc#RANDOM}: a random instance for each call, with equal
 * chances, whatever the weights. gRPC finds it by itself; a target asks for it with {@code
 * ?lb=random}. It takes no configuration.
 *
 * @since 0.1
 */
public final class EtcdRandomProvider extends InstancePolicyProvider {

  /** Called by gRPC. */
  public EtcdRandomProvider() {
    super(EtcdGrpc.RANDOM, LoadBalancer.random());
  }
}
