package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.changes;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.registered;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.testkit.TestEtcd;
import io.registryetcd.testkit.TestEtcdCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** With three members, the failure of one is nobody's loss. */
class ClusterFaultsTest {

  @RegisterExtension final TestPeers peers = new TestPeers();

  private static TestEtcdCluster cluster;

  /** An election of 1 to 2 s, a backoff of at most 1.5 s; the rest is for a slow machine. */
  private static final Duration RECOVERY = Duration.ofSeconds(8);

  /** A frozen endpoint is left after 7 s of it. */
  private static final Duration TTL = Duration.ofSeconds(12);

  @BeforeAll
  static void startCluster() {
    cluster = TestEtcdCluster.start(3);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @BeforeEach
  void healCluster() {
    for (TestEtcd member : cluster.members()) {
      if (!member.isAlive()) {
        member.restart();
      }
      member.resume();
    }
    cluster.awaitHealthy(Duration.ofSeconds(20));
  }

  /** All endpoints, that of one member first: it is the one that clients begin with. */
  private static String[] endpointsFrom(int first) {
    List<String> endpoints = new ArrayList<>(cluster.endpoints());
    endpoints.add(0, endpoints.remove(first));
    return endpoints.toArray(String[]::new);
  }

  @Test
  void deadLeaderIsLeftForAnotherMemberAndNobodyVanishes() {
    int leader = cluster.leader();
    String[] endpoints = endpointsFrom(leader);
    Registration hello = registered(peers.registry(endpoints), "Hello", 8001);
    ServiceView view = peers.resolver(endpoints).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);
    List<Change> changes = changes(view);
    StoredKeys others = new StoredKeys(cluster.member((leader + 1) % 3));
    long lease = others.lease(hello.key());

    List<RegistryException> problems = new CopyOnWriteArrayList<>();
    view.onProblem(problems::add);
    cluster.member(leader).kill();
    await().atMost(SOON).until(() -> !problems.isEmpty());
    await("view live after the leader's death")
        .atMost(RECOVERY)
        .until(() -> view.snapshot().isLive());
    await().atMost(RECOVERY).until(() -> hello.state() == State.REGISTERED);
    assertThat(others.lease(hello.key())).isEqualTo(lease);
    assertThat(changes).allSatisfy(change -> assertThat(change.removed()).isEmpty());
  }

  @Test
  void frozenMemberIsLeftBeforeTheLeaseEnds() {
    int leader = cluster.leader();
    int frozen = (leader + 1) % 3;
    String[] endpoints = endpointsFrom(frozen);
    EtcdConfig config = config(endpoints).leaseTtl(TTL).build();
    Registration hello = registered(peers.registry(config), "Hello", 8002);
    TestEtcd healthy = cluster.member(leader);
    StoredKeys keys = new StoredKeys(healthy);
    ServiceView view = peers.resolver(healthy.endpoint()).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);
    List<Change> changes = changes(view);
    long lease = keys.lease(hello.key());

    cluster.member(frozen).pause();
    await()
        .during(TTL.multipliedBy(2))
        .atMost(TTL.multipliedBy(4))
        .until(() -> keys.has(hello.key()));
    assertThat(keys.lease(hello.key())).isEqualTo(lease);
    assertThat(changes).allSatisfy(change -> assertThat(change.removed()).isEmpty());
    assertThat(hello.state()).isEqualTo(State.REGISTERED);
  }
}
