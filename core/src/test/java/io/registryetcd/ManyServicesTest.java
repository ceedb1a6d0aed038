package io.registryetcd;

import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A thousand services of one process cost one lease, one keepalive stream, one watch stream and a
 * constant number of threads.
 */
class ManyServicesTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private static final int SERVICES = 1000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final StoredKeys keys = new StoredKeys(server.etcd());

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("registry-etcd-"))
        .filter(thread -> !thread.getName().startsWith("registry-etcd-shutdown"))
        .collect(Collectors.toSet());
  }

  @Test
  void shareOneLeaseAndOneStreamAndAreGoneWhenClosed() {
    Set<Thread> before = threads();
    // nothing of it ends by itself while this lasts
    EtcdRegistry registry =
        peers.registry(config(server.endpoint()).leaseTtl(Duration.ofMinutes(2)).build());
    registry.register("Service0", instance(8001)).await(PATIENCE);
    int threads = threads().size();
    List<Registration> all = new ArrayList<>();
    for (int i = 1; i < SERVICES; i++) {
      all.add(registry.register("Service" + i, instance(8001)));
    }
    await("a thousand services are registered")
        .atMost(PATIENCE)
        .until(() -> all.stream().allMatch(r -> r.state() == State.REGISTERED));

    assertThat(keys.keys("kitex/")).hasSize(SERVICES);
    assertThat(keys.leases()).hasSize(1);
    await().until(() -> keys.open("LeaseKeepAlive") == 1 && keys.open("Watch") == 1);
    // one of them calls back whoever waits for whenRegistered(), a few at a time
    assertThat(threads().size()).isLessThanOrEqualTo(threads + 16);
    await().atMost(PATIENCE).until(() -> threads().size() - before.size() <= 2);

    EtcdResolver resolver = peers.resolver(server.endpoint());
    List<ServiceView> views = new ArrayList<>();
    for (int i = 0; i < SERVICES; i++) {
      views.add(resolver.view("Service" + i));
    }
    await("a thousand views are live")
        .atMost(PATIENCE)
        .until(() -> views.stream().allMatch(view -> view.snapshot().isLive()));
    await().until(() -> keys.open("Watch") == 2);

    server.etcd().etcdctl("lease", "revoke", keys.leases().get(0));
    await("a thousand keys are back after their lease was revoked")
        .atMost(PATIENCE)
        .until(() -> keys.keys("kitex/").size() == SERVICES);
    assertThat(keys.leases()).hasSize(1);

    long start = System.nanoTime();
    registry.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    await().atMost(PATIENCE).until(() -> keys.keys("kitex/").isEmpty() && keys.leases().isEmpty());
    resolver.close();
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(before).containsAll(threads()));
  }
}
