package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.grpc.EtcdTarget.Policy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceConfigsTest {

  private static final Map<String, ?> RETRY =
      Map.of("methodConfig", List.of(Map.of("name", List.of(Map.of()), "waitForReady", true)));

  @Test
  void thePolicyAloneIsSuppliedWithoutAUsersConfig() {
    assertThat(ServiceConfigs.merged(null, Policy.WEIGHTED_ROUND_ROBIN).toString())
        .isEqualTo("{loadBalancingConfig=[{etcd_weighted_round_robin={}}]}");
    assertThat(ServiceConfigs.merged(null, Policy.RANDOM).toString())
        .isEqualTo("{loadBalancingConfig=[{etcd_random={}}]}");
  }

  @Test
  void thePolicyIsAddedToAUsersConfig() {
    Map<String, ?> merged = ServiceConfigs.merged(RETRY, Policy.WEIGHTED_ROUND_ROBIN);

    assertThat(merged.get("methodConfig")).isEqualTo(RETRY.get("methodConfig"));
    assertThat(merged).containsKey("loadBalancingConfig");
  }

  @Test
  void aUsersOwnPolicyWins() {
    Map<String, ?> list = Map.of("loadBalancingConfig", List.of(Map.of("round_robin", Map.of())));
    Map<String, ?> old = Map.of("loadBalancingPolicy", "round_robin");

    assertThat(ServiceConfigs.merged(list, Policy.WEIGHTED_ROUND_ROBIN).toString())
        .isEqualTo(list.toString());
    assertThat(ServiceConfigs.merged(old, Policy.RANDOM).toString()).isEqualTo(old.toString());
  }

  @Test
  void noneSuppliesNothingOfItsOwn() {
    assertThat(ServiceConfigs.merged(null, Policy.NONE)).isEmpty();
    assertThat(ServiceConfigs.merged(RETRY, Policy.NONE).toString()).isEqualTo(RETRY.toString());
  }
}
