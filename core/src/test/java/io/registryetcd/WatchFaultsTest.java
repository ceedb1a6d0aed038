package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.changes;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.FaultProxy;
import io.registryetcd.testkit.FaultProxy.Direction;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Wherever a watch is cut, its view loses no update and never shows an older or an empty state in
 * between.
 */
class WatchFaultsTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private static final String RANGE = "kitex/registry-etcd/Hello/";
  private static final byte[] CREATED = {0x18, 0x01};

  private final StoredKeys keys = new StoredKeys(server.etcd());
  private FaultProxy proxy;
  private ServiceView view;
  private List<Change> changes;

  @BeforeEach
  void watchTwoInstances() {
    put(8001, 10);
    put(8002, 10);
    proxy = peers.closing(FaultProxy.to(server.endpoint()));
    view = peers.resolver(proxy.endpoint()).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 2);
    changes = changes(view);
    await().until(() -> changes.size() == 1);
  }

  @AfterEach
  void showedNoEmptyState() {
    assertThat(changes).allSatisfy(change -> assertThat(change.snapshot().isEmpty()).isFalse());
  }

  private void put(int port, int weight) {
    keys.put(RANGE + "127.0.0.1:" + port, value("127.0.0.1:" + port, weight));
  }

  private List<Integer> ports() {
    return view.snapshot().instances().stream().map(Instance::port).toList();
  }

  @Test
  void changesAcrossACompactionAreOneDifference() {
    proxy.refuse();
    proxy.closeConnections();
    put(8003, 10);
    put(8002, 99);
    keys.delete(RANGE + "127.0.0.1:8001");
    server.etcd().etcdctl("compact", Long.toString(keys.revision()));
    proxy.pass();

    await("view right after a compaction while it was cut off")
        .atMost(SOON)
        .until(() -> ports().equals(List.of(8002, 8003)));
    await().until(() -> changes.size() > 1);
    assertThat(changes).hasSize(2);
    Change difference = changes.get(1);
    assertThat(difference.added()).extracting(Instance::port).containsExactly(8003);
    assertThat(difference.removed()).extracting(Instance::port).containsExactly(8001);
    assertThat(difference.updated()).extracting(Instance::weight).containsExactly(99);
    assertThat(view.snapshot().isLive()).isTrue();
  }

  @Test
  void changesWhileCutOffAreReplayedWithoutAList() {
    long lists = keys.started("Range");
    proxy.refuse();
    proxy.closeConnections();
    keys.delete(RANGE + "127.0.0.1:8001");
    put(8001, 50);
    put(8003, 10);
    proxy.pass();
    await("view right after a cut")
        .atMost(SOON)
        .until(() -> ports().equals(List.of(8001, 8002, 8003)));
    // the one linearizable read that tells whether this is the same etcd
    assertThat(keys.started("Range") - lists).isLessThanOrEqualTo(2);
    assertThat(view.snapshot().instances().get(0).weight()).isEqualTo(50);
  }

  @Test
  void eventBetweenTheCreationOfAWatchAndItsFirstDeliveryIsNotLost() {
    proxy.cutAfterFrame(Direction.TO_CLIENT, frame -> frame.isData() && frame.contains(CREATED));
    proxy.closeConnections();
    await().atMost(SOON).until(() -> proxy.cuts() == 1);
    put(8003, 10);
    await("event after created is seen")
        .atMost(SOON)
        .until(() -> ports().equals(List.of(8001, 8002, 8003)));
  }

  @Test
  void eventCutOffOnItsWayIsDeliveredAgain() {
    proxy.cutBeforeFrame(
        Direction.TO_CLIENT, frame -> frame.isData() && frame.contains("127.0.0.1:8003"));
    put(8003, 10);
    await().atMost(SOON).until(() -> proxy.cuts() == 1);
    await("event that was cut off is seen")
        .atMost(SOON)
        .until(() -> ports().equals(List.of(8001, 8002, 8003)));
    await().until(() -> changes.size() > 1);
    assertThat(changes).hasSize(2);
  }

  @Test
  void streamThatEndsInSilenceIsFoundByPings() {
    proxy.blackhole(Direction.TO_CLIENT);
    put(8003, 10);
    // an HTTP/2 ping after 10 s without a frame, and 5 s for its answer
    await("half-dead stream is found")
        .atMost(Duration.ofSeconds(25))
        .until(() -> !view.snapshot().isLive());
    proxy.pass();
    proxy.closeConnections(); // one made meanwhile has lost its first bytes
    await().atMost(SOON).until(() -> ports().equals(List.of(8001, 8002, 8003)));
  }
}
