package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.registered;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where the address and the lease come from, seen in etcd. */
class SettingsTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private final StoredKeys keys = new StoredKeys(server.etcd());

  private EtcdConfig.Builder environment(Map<String, String> variables) {
    return EtcdConfig.builder().endpoints(server.endpoint()).environment(variables);
  }

  private List<String> keysOf(EtcdConfig config, Instance instance) {
    Registration hello = peers.registry(config).register("Hello", instance);
    hello.await(SOON);
    assertThat(keys.has(hello.key())).isTrue();
    return keys.keys("");
  }

  @Test
  void environmentNamesAddressPortAndTimeToLive() {
    Map<String, String> variables =
        Map.of(
            "KITEX_IP_TO_REGISTRY", "10.1.2.3",
            "KITEX_PORT_TO_REGISTRY", "7777",
            "KITEX_ETCD_REGISTRY_LEASE_TTL", "17");
    assertThat(keysOf(environment(variables).build(), Instance.of("0.0.0.0", 8888)))
        .containsExactly("kitex/registry-etcd/Hello/10.1.2.3:7777");
    assertThat(server.etcd().etcdctl("lease", "timetolive", keys.leases().get(0)))
        .contains("granted with TTL(17s)");
  }

  @Test
  void withoutVariablesTheLeaseIsOfSixtySeconds() {
    registered(peers.registry(environment(Map.of()).build()), "Hello", 8001);
    assertThat(server.etcd().etcdctl("lease", "timetolive", keys.leases().get(0)))
        .contains("granted with TTL(60s)");
  }

  @Test
  void fixedAddressGoesBeforeWhateverTheServerListensOn() {
    EtcdConfig config =
        environment(Map.of("KITEX_IP_TO_REGISTRY", "10.1.2.3"))
            .fixedAddress("203.0.113.5:8888")
            .build();
    assertThat(keysOf(config, Instance.of("0.0.0.0", 9999)))
        .containsExactly("kitex/registry-etcd/Hello/203.0.113.5:8888");
    assertThat(keys.value("kitex/registry-etcd/Hello/203.0.113.5:8888"))
        .contains("\"address\":\"203.0.113.5:8888\"");
  }

  @Test
  void prefixMayBeAnotherOrEmpty() {
    assertThat(keysOf(environment(Map.of()).prefix("").build(), Instance.of("10.0.0.1", 1)))
        .containsExactly("/Hello/10.0.0.1:1");
    EtcdConfig other = environment(Map.of()).prefix("team/x").build();
    Registration hello = peers.registry(other).register("Hello", Instance.of("10.0.0.1", 1));
    hello.await(SOON);
    assertThat(hello.key()).isEqualTo("team/x/Hello/10.0.0.1:1");
    assertThat(peers.resolver(other).resolve("Hello").size()).isEqualTo(1);
  }

  @Test
  void leaseOfTheSettingsGoesBeforeTheEnvironment() {
    EtcdConfig config =
        environment(Map.of("KITEX_ETCD_REGISTRY_LEASE_TTL", "17"))
            .leaseTtl(Duration.ofSeconds(9))
            .build();
    registered(peers.registry(config), "Hello", 8001);
    assertThat(server.etcd().etcdctl("lease", "timetolive", keys.leases().get(0)))
        .contains("granted with TTL(9s)");
  }

  @Test
  void unixSocketIsRegisteredAndFound() {
    EtcdConfig config = environment(Map.of()).build();
    assertThat(keysOf(config, Instance.unix("/run/hello.sock")))
        .containsExactly("kitex/registry-etcd/Hello/%2Frun%2Fhello.sock");
    assertThat(peers.resolver(config).resolve("Hello").instances().get(0).address())
        .isEqualTo("/run/hello.sock");
  }
}
