package io.registryetcd.sim;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.sim.VirtualScheduler.Lane;
import org.jspecify.annotations.Nullable;

/** An open stream: ordered in each direction, ended once, by either side or with its connection. */
abstract class SimStream {

  final SimConnection connection;
  final SimEtcd etcd;
  private final Lane down;
  private final UpLane up = new UpLane();
  private boolean over;
  private boolean overAtMember;

  SimStream(SimConnection connection) {
    this.connection = connection;
    this.etcd = connection.client.etcd;
    this.down = connection.client.host.lane();
    connection.add(this);
    toMember(this::arrive);
  }

  private void arrive() {
    if (!etcd.hasLeader(member())) {
      endByMember(
          new EtcdException(Kind.UNAVAILABLE, member().toString(), "etcdserver: no leader"));
    }
  }

  final SimMember member() {
    return connection.member;
  }

  final boolean isOpen() {
    return !over;
  }

  final void toMember(Runnable action) {
    if (!over) {
      connection.send(
          up,
          () -> {
            if (isServed()) {
              action.run();
            }
          });
    }
  }

  final void toClient(Runnable action) {
    connection.reply(
        down,
        () -> {
          if (!over) {
            action.run();
          }
        });
  }

  final boolean isServed() {
    return !overAtMember && connection.isOpen();
  }

  /** Sends what is due, if this is a stream of watches. */
  void pump() {}

  /** Tells the client's listener. */
  abstract void tellEnd(EtcdException cause);

  final void endSoon(EtcdException cause) {
    down.after(0, () -> end(cause));
  }

  final void endByMember(EtcdException cause) {
    if (isServed()) {
      overAtMember = true;
      toClient(() -> end(cause));
    }
  }

  private void end(EtcdException cause) {
    if (!over) {
      over = true;
      connection.remove(this);
      connection.client.streamEnded(true);
      etcd.trace.add(connection.client.name(), "%s ends: %s", this, cause.getMessage());
      tellEnd(cause);
    }
  }

  final void closeByClient() {
    toMember(() -> overAtMember = true);
    over = true;
    connection.remove(this);
    connection.client.streamEnded(false);
  }

  /** The lane to the member, made when the connection has come up. */
  static final class UpLane {
    private @Nullable Lane lane;

    Lane of(Host life) {
      Lane present = lane;
      if (present == null) {
        present = life.lane();
        lane = present;
      }
      return present;
    }
  }
}
