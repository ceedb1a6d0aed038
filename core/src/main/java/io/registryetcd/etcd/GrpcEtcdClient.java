package io.registryetcd.etcd;

import io.registryetcd.etcd.rpc.LeaseGrantRequest;
import io.registryetcd.etcd.rpc.LeaseRevokeRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The etcd client on grpc-java.
 *
 * <p>One daemon thread per client does everything but I/O: all state changes there and all futures
 * and listeners are called there, in order, so nothing handed to this client may block. I/O is done
 * by the threads that gRPC shares among all channels of the JVM. A second thread exists while a
 * login asks the credentials supplier, which may block.
 *
 * <p>Nothing connects before the first call. Calls go direct to the endpoint, not through the JVM's
 * HTTP proxy unless configured, and never as children of a gRPC call that the caller serves.
 */
public final class GrpcEtcdClient implements EtcdClient {

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);
  private static final Duration CLOSE_POLL = Duration.ofMillis(5);

  private final ClientThread thread = new ClientThread();
  private final Connections connections;
  private final Rpc rpc;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);

  private GrpcEtcdClient(EtcdClientConfig config) {
    connections = new Connections(config, new Channels(config, thread), thread);
    Login login = new Login(config, connections, thread);
    rpc = new Rpc(thread, connections, login, config.requestTimeout());
  }

  /**
   * Makes a client; reads the TLS files, but does not connect.
   *
   * @throws IllegalArgumentException if endpoints and TLS options contradict each other, or a TLS
   *     file cannot be used; the message names it
   */
  public static GrpcEtcdClient create(EtcdClientConfig config) {
    return new GrpcEtcdClient(config);
  }

  @Override
  public CompletableFuture<RangeResponse> range(RangeRequest request) {
    return UnaryCall.start(rpc, Method.RANGE, Messages.range(request), Messages::range);
  }

  @Override
  public CompletableFuture<TxnResponse> txn(Txn txn) {
    return UnaryCall.start(rpc, Method.TXN, Messages.txn(txn), Messages::txn);
  }

  @Override
  public CompletableFuture<LeaseGrant> leaseGrant(long leaseId, long ttlSeconds) {
    return UnaryCall.start(
        rpc,
        Method.LEASE_GRANT,
        LeaseGrantRequest.newBuilder().setID(leaseId).setTTL(ttlSeconds).build(),
        response ->
            new LeaseGrant(
                Messages.header(response.getHeader()), response.getID(), response.getTTL()));
  }

  @Override
  public CompletableFuture<Header> leaseRevoke(long leaseId) {
    return UnaryCall.start(
        rpc,
        Method.LEASE_REVOKE,
        LeaseRevokeRequest.newBuilder().setID(leaseId).build(),
        response -> Messages.header(response.getHeader()));
  }

  @Override
  public LeaseStream openLeaseStream(LeaseStream.Listener listener) {
    return GrpcLeaseStream.open(rpc, listener);
  }

  @Override
  public WatchStream openWatchStream(WatchStream.Listener listener) {
    return GrpcWatchStream.open(rpc, listener);
  }

  @Override
  public void leaveEndpoint(String endpoint, String reason) {
    thread.execute(() -> connections.leave(endpoint, reason));
  }

  @Override
  public String endpoint() {
    return connections.endpoint().text();
  }

  @Override
  public void close() {
    if (!closing.getAndSet(true)) {
      thread.execute(
          () -> {
            rpc.login().close();
            connections.close();
            endWhenTerminated(thread.now());
          });
    }
    if (!thread.isCurrent()) {
      awaitClosed();
    }
  }

  private void endWhenTerminated(long since) {
    if (connections.terminated() || thread.now() - since > CLOSE_LIMIT.toNanos() / 2) {
      thread.shutdown();
      closed.countDown();
    } else {
      thread.schedule(CLOSE_POLL, () -> endWhenTerminated(since));
    }
  }

  private void awaitClosed() {
    try {
      closed.await(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
