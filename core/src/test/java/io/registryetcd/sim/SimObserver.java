package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.Txn;
import java.util.Optional;

/** Told of what the cluster does, at the moment it does it: where the checks look. */
public interface SimObserver {

  /** Why a lease ended. */
  enum LeaseEnd {
    EXPIRED,
    REVOKED,
    WIPED
  }

  /** A new lease exists. */
  default void granted(SimLease lease) {}

  /** A lease is gone, by whose hand. */
  default void leaseEnded(SimLease lease, LeaseEnd why, String byWhom) {}

  /** A lease that had ended is back, with a restored snapshot. */
  default void leaseRestored(SimLease lease) {}

  /** A transaction of a client has arrived and is about to run. */
  default void transaction(String client, Txn txn, long sentAt) {}

  /** A client's request to revoke a lease has arrived. */
  default void revoke(String client, long lease) {}

  /** A client's put is about to replace {@code old}. */
  default void put(String client, Txn.Put put, Optional<KeyValue> old, long sentAt) {}

  /** A client's delete is about to remove {@code old}. */
  default void delete(String client, ByteString key, Optional<KeyValue> old) {}

  /** A client's request was refused: permission, or space. */
  default void refused(String client) {}

  /** Another life of etcd begins, with this store. */
  default void newLife(SimStore store) {}

  /** A delete at the very revision of a compaction was kept from a watch, as etcd 3.4 does. */
  default void deleteSwallowed(String client, KeyRange range) {}
}
