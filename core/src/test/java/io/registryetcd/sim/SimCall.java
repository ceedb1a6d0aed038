package io.registryetcd.sim;

import io.registryetcd.etcd.EtcdClient.LeaseGrant;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.RangeResponse;
import io.registryetcd.etcd.TxnResponse;
import io.registryetcd.sim.SimEtcd.Proposal;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * A unary call on its way: to the member, to the leader, and back. Its caller may give up before; a
 * write that is given up is forgotten, or executed at its time, or seconds later.
 */
final class SimCall<T> {

  private static final long LATEST = Duration.ofSeconds(8).toNanos();

  private final SimConnection connection;
  private final SimMoment name;
  private final Function<SimRequests, T> request;
  private final CompletableFuture<T> future = new CompletableFuture<>();
  private final SimEtcd etcd;
  private final long sentAt;
  private boolean over;

  SimCall(SimConnection connection, SimMoment name, Function<SimRequests, T> request) {
    this.connection = connection;
    this.name = name;
    this.request = request;
    this.etcd = connection.client.etcd;
    this.sentAt = etcd.scheduler.now();
  }

  CompletableFuture<T> start(long deadline) {
    connection.add(this);
    connection.send(null, this::arrive);
    if (name == SimMoment.TXN) {
      connection.client.reached(connection, SimMoment.TXN_SENT);
    }
    EtcdException late =
        new EtcdException(Kind.UNAVAILABLE, connection.member.toString(), "deadline exceeded");
    etcd.scheduler.after(deadline, connection.client.host, () -> giveUp(late));
    return future;
  }

  /** Fails it, as a task of its own. */
  void failSoon(EtcdException cause) {
    etcd.scheduler.after(0, connection.client.host, () -> fail(cause));
  }

  private void giveUp(EtcdException cause) {
    if (!over) {
      fail(cause);
      connection.client.deadlinePassed(connection, connection.lastHeard() < sentAt);
    }
  }

  private void fail(EtcdException cause) {
    if (!over) {
      over = true;
      connection.remove(this);
      if (cause.kind() == Kind.UNAVAILABLE) {
        connection.client.callFailed(name);
      }
      etcd.trace.add(connection.client.name(), "%s failed: %s", name, cause.getMessage());
      future.completeExceptionally(cause);
    }
  }

  private boolean isAbandoned() {
    return over || !connection.isOpen();
  }

  private void arrive() {
    RandomGenerator random = etcd.random;
    if (!isAbandoned()) {
      submit();
    } else if (name != SimMoment.RANGE && random.nextBoolean()) {
      connection.atMember(random.nextBoolean() ? 0 : random.nextLong(LATEST), this::submit);
    }
  }

  private void submit() {
    etcd.submit(
        new Proposal(connection.member, this::execute, this::isAbandoned, etcd.scheduler.now()));
  }

  private void execute() {
    if (isAbandoned()) {
      etcd.trace.add("etcd", "executes an abandoned %s of %s", name, connection.client.name());
    }
    SimEtcdClient client = connection.client;
    SimRequests requests = new SimRequests(etcd, connection.member, client.name(), sentAt);
    int life = etcd.lives().size();
    try {
      T result = request.apply(requests);
      connection.reply(null, () -> complete(result, life));
    } catch (EtcdException e) {
      connection.reply(null, () -> fail(e));
    }
    client.reached(connection, name);
  }

  private void complete(T result, int life) {
    if (!over) {
      over = true;
      connection.remove(this);
      hear(result, life);
      future.complete(result);
    }
  }

  private void hear(T result, int life) {
    if (result instanceof RangeResponse range) {
      connection.client.heard(range.header(), life, true);
    } else if (result instanceof TxnResponse txn) {
      connection.client.heard(txn.header(), life, false);
    } else if (result instanceof LeaseGrant grant) {
      connection.client.heard(grant.header(), life, false);
    }
  }
}
