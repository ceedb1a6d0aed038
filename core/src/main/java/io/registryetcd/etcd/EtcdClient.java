package io.registryetcd.etcd;

import com.google.protobuf.ByteString;
import java.util.concurrent.CompletableFuture;

/**
 * What the engine needs of etcd: a few unary calls and two streams.
 *
 * <p>Nothing is retried here (but a call whose token was refused, once, after a new login). Every
 * call has a deadline, so every future completes: with the response or with an {@link
 * EtcdException}, which says by its {@link EtcdException.Kind kind} what the caller can do. Calls
 * may be made from any thread and never block; futures and listeners complete on threads of the
 * client, so a caller with state hands over to its own executor. All calls and streams go to one
 * endpoint at a time; the client moves to another when the current one does not answer.
 */
public interface EtcdClient extends AutoCloseable {

  /** Reads a range, linearizably. */
  CompletableFuture<RangeResponse> range(RangeRequest request);

  /** Runs a transaction: one atomic compare, then one of two lists of operations. */
  CompletableFuture<TxnResponse> txn(Txn txn);

  /**
   * Grants a lease with an id of the caller's choice. Granting a live id again fails with {@link
   * EtcdException.Kind#LEASE_EXISTS}, which makes a grant of unknown outcome safe to repeat.
   *
   * @param ttlSeconds the wanted time to live; etcd may grant more
   */
  CompletableFuture<LeaseGrant> leaseGrant(long leaseId, long ttlSeconds);

  /**
   * Revokes a lease and deletes its keys; {@link EtcdException.Kind#LEASE_NOT_FOUND} if it is gone.
   */
  CompletableFuture<Header> leaseRevoke(long leaseId);

  /**
   * Opens a stream of lease keepalives. Reports to {@code listener} until {@link
   * LeaseStream.Listener#onEnd}.
   */
  LeaseStream openLeaseStream(LeaseStream.Listener listener);

  /**
   * Opens a stream of multiplexed watches. Reports to {@code listener} until {@link
   * WatchStream.Listener#onEnd}.
   */
  WatchStream openWatchStream(WatchStream.Listener listener);

  /**
   * Leaves the current endpoint for the next one; a single endpoint gets a new connection. Calls in
   * flight fail and streams end. Does nothing if {@code endpoint} is no longer the current one.
   */
  void leaveEndpoint(String endpoint, String reason);

  /** The endpoint in use, as configured, for logs and errors. */
  String endpoint();

  /**
   * Ends all calls and streams, and the client's threads. Bounded; callable more than once and from
   * any thread.
   */
  @Override
  void close();

  /** The granted lease; etcd may have raised the time to live. */
  record LeaseGrant(Header header, long leaseId, long ttlSeconds) {}

  /**
   * A range read. {@code end} empty means the one key.
   *
   * @param revision the revision to read at, 0 for the newest
   * @param limit how many key-values at most, 0 for all
   */
  record RangeRequest(ByteString key, ByteString end, long revision, long limit) {

    /** Reads one key. */
    public static RangeRequest key(ByteString key) {
      return new RangeRequest(key, ByteString.EMPTY, 0, 0);
    }

    /** Reads all keys of a range. */
    public static RangeRequest all(KeyRange range) {
      return new RangeRequest(range.start(), range.end(), 0, 0);
    }
  }
}
