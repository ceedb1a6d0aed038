package io.registryetcd.sim;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.LeaseStream;
import io.registryetcd.sim.SimEtcd.Proposal;
import java.util.ArrayDeque;
import java.util.Deque;

/** Keepalives as etcd serves them: one after the other, by the leader. */
final class SimLeaseStream extends SimStream implements LeaseStream {

  private final Listener listener;
  private final Deque<Long> requests = new ArrayDeque<>();
  private boolean busy;

  SimLeaseStream(SimConnection connection, Listener listener) {
    super(connection);
    this.listener = listener;
  }

  @Override
  public void keepAlive(long leaseId) {
    toMember(
        () -> {
          requests.add(leaseId);
          serve();
        });
  }

  @Override
  public void close() {
    closeByClient();
  }

  private void serve() {
    Long lease = busy ? null : requests.poll();
    if (lease != null) {
      busy = true;
      etcd.submit(
          new Proposal(member(), () -> renew(lease), () -> !isServed(), etcd.scheduler.now()));
    }
  }

  private void renew(long lease) {
    if (!isServed()) {
      return;
    }
    busy = false;
    long ttl = etcd.leases().keepAlive(lease);
    Header header = member().header();
    int life = etcd.lives().size();
    toClient(
        () -> {
          connection.client.heard(header, life, false);
          etcd.trace.add(connection.client.name(), "keepalive of %x: ttl %d", lease, ttl);
          listener.onReply(header, lease, ttl);
        });
    connection.client.reached(connection, SimMoment.KEEPALIVE);
    serve();
  }

  @Override
  void tellEnd(EtcdException cause) {
    listener.onEnd(cause);
  }

  @Override
  public String toString() {
    return "lease stream";
  }
}
