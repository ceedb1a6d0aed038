package io.registryetcd.etcd;

import io.grpc.Status;
import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.rpc.StatusRequest;
import io.registryetcd.etcd.rpc.StatusResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The question for its cluster to an endpoint that is new to this client, before anything else is
 * sent there. Without it a member of another cluster would run a transaction before its answer
 * shows the wrong id, or say that a lease does not exist, in an error that shows no id at all.
 *
 * <p>Where the question is not answered (etcd 3.7 wants a token that is good there) the calls go
 * ahead, and their own answers show the cluster.
 */
final class ClusterProbe extends Exchange<StatusRequest, StatusResponse> {

  private final Connection connection;
  private final List<Waiter> waiters = new ArrayList<>();
  private boolean done;

  private record Waiter(Consumer<Connection> onReady, Consumer<EtcdException> onFailure) {}

  ClusterProbe(Connections connections, Connection connection, long now) {
    super(connections, connection, Method.STATUS, now);
    this.connection = connection;
  }

  /** Whether this is the question to that connection. */
  boolean asks(Connection other) {
    return other == connection;
  }

  /** Hands the connection over when the question is settled. */
  void await(Consumer<Connection> onReady, Consumer<EtcdException> onFailure) {
    if (done) {
      onReady.accept(connection);
    } else {
      waiters.add(new Waiter(onReady, onFailure));
    }
  }

  /** A proxy that only passes on what clients need is no reason to leave it. */
  @Override
  Failure failure(Status status) {
    return status.getCode() == Status.Code.UNIMPLEMENTED
        ? new Failure(
            EtcdErrors.of(status, "status", connection.endpoint()).exception(), Remedy.NONE)
        : super.failure(status);
  }

  @Override
  void answered(StatusResponse answer) {
    release(waiter -> waiter.onReady.accept(connection));
  }

  @Override
  void failed(Failure failure) {
    boolean unusable =
        failure.remedy() == Remedy.LEAVE || failure.exception().kind() == Kind.WRONG_CLUSTER;
    if (unusable || connection.leftBecause() != null) {
      release(waiter -> waiter.onFailure.accept(failure.exception()));
    } else {
      release(waiter -> waiter.onReady.accept(connection));
    }
  }

  private void release(Consumer<Waiter> end) {
    done = true;
    List<Waiter> released = List.copyOf(waiters);
    waiters.clear();
    released.forEach(end);
  }
}
