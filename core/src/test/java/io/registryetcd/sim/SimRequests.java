package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.EtcdClient.LeaseGrant;
import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.RangeResponse;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.TxnResponse;
import io.registryetcd.sim.SimObserver.LeaseEnd;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the cluster does for one request of one client that came by one member. */
final class SimRequests {

  private final SimEtcd etcd;
  private final SimMember via;
  private final String client;
  private final long sentAt;

  SimRequests(SimEtcd etcd, SimMember via, String client, long sentAt) {
    this.etcd = etcd;
    this.via = via;
    this.client = client;
    this.sentAt = sentAt;
  }

  RangeResponse range(RangeRequest request) {
    via.catchUp();
    SimStore store = etcd.store();
    KeyRange range = new KeyRange(request.key(), request.end());
    long revision = request.revision();
    if (revision > 0 && revision < store.compacted()) {
      throw refuse(Kind.COMPACTED, "required revision has been compacted");
    }
    if (revision > store.revision()) {
      throw refuse(Kind.REFUSED, "required revision is a future revision");
    }
    List<KeyValue> kvs = revision > 0 ? store.rangeAt(range, revision) : store.range(range);
    boolean more = request.limit() > 0 && kvs.size() > request.limit();
    return new RangeResponse(
        via.header(), more ? kvs.subList(0, (int) request.limit()) : kvs, more);
  }

  TxnResponse txn(Txn txn) {
    etcd.observer.transaction(client, txn, sentAt);
    boolean holds = txn.compares().stream().allMatch(etcd.store()::holds);
    List<Txn.Op> ops = holds ? txn.success() : txn.failure();
    check(txn, ops);
    SimStore.Write write = etcd.store().write();
    List<Optional<KeyValue>> gets = new ArrayList<>();
    for (Txn.Op op : ops) {
      if (op instanceof Txn.Get get) {
        gets.add(write.get(get.key()));
      } else if (op instanceof Txn.Put put) {
        put(write, put);
      } else if (op instanceof Txn.Delete delete) {
        delete(write, delete.key());
      }
    }
    write.commit();
    etcd.publish();
    via.catchUp();
    return new TxnResponse(via.header(), holds, List.copyOf(gets));
  }

  private void check(Txn txn, List<Txn.Op> ops) {
    checkPermission(txn.success());
    checkPermission(txn.failure());
    checkSpace(ops);
    if (txn.success().size() > Txn.MAX_OPS || txn.failure().size() > Txn.MAX_OPS) {
      throw refuse(Kind.REFUSED, "too many operations in txn request");
    }
    Set<ByteString> written = new HashSet<>();
    for (Txn.Op op : ops) {
      if (op instanceof Txn.Put put) {
        if (put.lease() != 0 && !etcd.leases().exists(put.lease())) {
          throw refuse(Kind.LEASE_NOT_FOUND, "requested lease not found");
        }
        if (!written.add(put.key())) {
          throw refuse(Kind.REFUSED, "duplicate key given in txn request");
        }
      }
    }
  }

  /**
   * etcd asks for the permission to do either list, whichever would run; and for that to write all
   * keys under the lease of a put.
   */
  private void checkPermission(List<Txn.Op> ops) {
    for (Txn.Op op : ops) {
      boolean denied =
          (op instanceof Txn.Put put
                  && (etcd.operator().isDenied(put.key()) || isDenied(put.lease())))
              || (op instanceof Txn.Delete delete && etcd.operator().isDenied(delete.key()));
      if (denied) {
        throw refuse(Kind.DENIED, "etcdserver: permission denied");
      }
    }
  }

  private boolean isDenied(long lease) {
    return etcd.leases().get(lease).stream()
        .flatMap(l -> l.keys().stream())
        .anyMatch(etcd.operator()::isDenied);
  }

  private void checkSpace(List<Txn.Op> ops) {
    if (etcd.operator().isFull() && ops.stream().anyMatch(op -> op instanceof Txn.Put)) {
      throw refuse(Kind.REFUSED, "etcdserver: mvcc: database space exceeded");
    }
  }

  private void put(SimStore.Write write, Txn.Put put) {
    Optional<KeyValue> old = etcd.store().get(put.key());
    etcd.observer.put(client, put, old, sentAt);
    etcd.leases().move(put.key(), old, put.lease());
    write.put(put.key(), put.value(), put.lease());
  }

  private void delete(SimStore.Write write, ByteString key) {
    Optional<KeyValue> old = etcd.store().get(key);
    etcd.observer.delete(client, key, old);
    etcd.leases().move(key, old, 0);
    write.delete(key);
  }

  LeaseGrant grant(long id, long ttlSeconds) {
    if (etcd.operator().isFull()) {
      throw refuse(Kind.REFUSED, "etcdserver: mvcc: database space exceeded");
    }
    if (etcd.leases().exists(id)) {
      throw refuse(Kind.LEASE_EXISTS, "lease already exists");
    }
    SimLease lease = etcd.leases().grant(id, ttlSeconds, client);
    return new LeaseGrant(via.header(), id, lease.ttlSeconds());
  }

  Header revoke(long id) {
    etcd.observer.revoke(client, id);
    SimLease lease =
        etcd.leases()
            .get(id)
            .orElseThrow(() -> refuse(Kind.LEASE_NOT_FOUND, "requested lease not found"));
    if (isDenied(lease.id())) {
      throw refuse(Kind.DENIED, "etcdserver: permission denied");
    }
    etcd.leases().end(id, LeaseEnd.REVOKED, client);
    via.catchUp();
    return via.header();
  }

  private EtcdException refuse(Kind kind, String message) {
    if (kind == Kind.DENIED || kind == Kind.REFUSED) {
      etcd.observer.refused(client);
    }
    return new EtcdException(kind, via.toString(), message);
  }
}
