package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.LoadBalancerRegistry;
import io.grpc.ManagedChannelProvider;
import io.grpc.NameResolverRegistry;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

/**
 * That a run of these tests has the grpc-java it was meant to have, and that gRPC finds this module
 * in it.
 */
class GrpcVersionTest {

  @Test
  void thisIsTheGrpcAndTheTransportOfThisRun() {
    String expected = System.getProperty("expected.grpc", "");
    String api =
        NameResolverRegistry.class.getProtectionDomain().getCodeSource().getLocation().toString();
    String transport = ManagedChannelProvider.provider().getClass().getName();

    assertThat(api + " " + transport).contains(expected.split(" "));
  }

  @Test
  void gRpcFindsTheResolverAndThePolicies() {
    assertThat(NameResolverRegistry.getDefaultRegistry().getProviderForScheme("etcd"))
        .isInstanceOf(EtcdNameResolverProvider.class);
    assertThat(NameResolverRegistry.getDefaultRegistry().getDefaultScheme()).isEqualTo("dns");
    for (String policy : new String[] {EtcdGrpc.WEIGHTED_ROUND_ROBIN, EtcdGrpc.RANDOM}) {
      assertThat(LoadBalancerRegistry.getDefaultRegistry().getProvider(policy)).isNotNull();
    }
  }

  /**
   * The module system does that with service classes, also where {@code io.grpc.Uri} is missing.
   */
  @Test
  void theServiceClassCanBeLookedThrough() {
    assertThat(EtcdNameResolverProvider.class.getDeclaredMethods())
        .extracting(Method::getName)
        .contains("provider");
    assertThat(EtcdNameResolverProvider.provider()).isInstanceOf(EtcdNameResolverProvider.class);
  }
}
