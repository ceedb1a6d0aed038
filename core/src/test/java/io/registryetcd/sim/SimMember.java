package io.registryetcd.sim;

import io.registryetcd.etcd.Header;
import io.registryetcd.sim.SimEtcd.Proposal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One member of the cluster: what it has applied of the common history, who is connected, what
 * waits for a leader.
 */
final class SimMember {

  final int index;
  final Set<SimConnection> connections = new LinkedHashSet<>();
  final List<Proposal> waiting = new ArrayList<>();
  Host host;
  boolean up = true;
  boolean lagging;
  boolean isolated;
  private final SimEtcd etcd;
  private long applied = 1;
  private long compacted;

  SimMember(SimEtcd etcd, int index) {
    this.etcd = etcd;
    this.index = index;
    this.host = etcd.scheduler.host("etcd" + index);
  }

  /** Whether it takes part: up, running and in touch with its peers. */
  boolean isHealthy() {
    return up && !host.isPaused() && !isolated;
  }

  Header header() {
    return header(applied);
  }

  Header header(long revision) {
    return new Header(SimEtcd.CLUSTER_ID, 100 + index, revision, etcd.term());
  }

  long applied() {
    return applied;
  }

  long compacted() {
    return compacted;
  }

  /** Applies what the cluster has committed, and serves the watches. */
  void catchUp() {
    applied = etcd.store().revision();
    compacted = etcd.store().compacted();
    for (SimConnection connection : List.copyOf(connections)) {
      connection.streams().forEach(SimStream::pump);
    }
  }

  /** Starts over with the store of the cluster, as after a start. */
  void reload() {
    applied = etcd.store().revision();
    compacted = etcd.store().compacted();
  }

  void reset() {
    up = false;
    host.kill();
    waiting.clear();
  }

  @Override
  public String toString() {
    return "etcd" + index;
  }
}
