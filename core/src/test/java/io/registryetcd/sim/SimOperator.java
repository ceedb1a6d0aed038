package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.sim.SimObserver.LeaseEnd;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What people do to etcd by hand, at once. */
public final class SimOperator {

  private final SimEtcd etcd;
  private final Set<ByteString> denied = new HashSet<>();
  private boolean full;

  SimOperator(SimEtcd etcd) {
    this.etcd = etcd;
  }

  /** Writes a key by hand; ignored while there is no leader. */
  public void put(ByteString key, ByteString value, long lease) {
    put(Map.of(key, value), lease);
  }

  /** Writes several keys by hand, in one revision; ignored while there is no leader. */
  public void put(Map<ByteString, ByteString> values, long lease) {
    if (etcd.leader() != null) {
      SimStore.Write write = etcd.store().write();
      values.forEach(
          (key, value) -> {
            etcd.trace.add("operator", "put %s = %s lease %x", key, value, lease);
            etcd.leases().move(key, etcd.store().get(key), lease);
            write.put(key, value, lease);
          });
      write.commit();
      etcd.publish();
    }
  }

  /** Deletes a range by hand, in one revision; ignored while there is no leader. */
  public void delete(KeyRange range) {
    if (etcd.leader() != null) {
      etcd.trace.add("operator", "delete %s", range.start());
      SimStore.Write write = etcd.store().write();
      for (KeyValue kv : etcd.store().range(range)) {
        etcd.leases().move(kv.key(), Optional.of(kv), 0);
        write.delete(kv.key());
      }
      write.commit();
      etcd.publish();
    }
  }

  /** Grants a lease to the operator, who never renews it; ignored while there is no leader. */
  public void grant(long lease, long ttlSeconds) {
    if (etcd.leader() != null) {
      etcd.leases().grant(lease, ttlSeconds, "operator");
    }
  }

  /** Revokes a lease by hand; ignored while there is no leader. */
  public void revoke(long lease) {
    if (etcd.leader() != null) {
      etcd.trace.add("operator", "revoke lease %x", lease);
      etcd.leases().end(lease, LeaseEnd.REVOKED, "operator");
    }
  }

  /** Compacts at the newest revision, or at one before it. */
  public void compact(long revision) {
    etcd.trace.add("operator", "compact at %d", revision);
    etcd.store().compact(revision);
    etcd.publish();
  }

  /** Takes the permission to write a key from everybody, or gives it back. */
  public void permit(ByteString key, boolean permitted) {
    if (permitted ? denied.remove(key) : denied.add(key)) {
      etcd.trace.add("operator", "%s %s", permitted ? "permits" : "denies", key);
    }
  }

  /** Permits everything again. */
  public void permitAll() {
    denied.clear();
    full = false;
  }

  /** Fills the disk: nothing can be put or granted until {@link #permitAll}. */
  public void fill() {
    etcd.trace.add("fault", "no space");
    full = true;
  }

  boolean isDenied(ByteString key) {
    return denied.contains(key);
  }

  boolean isFull() {
    return full;
  }

  /** What can be restored later. */
  public record Saved(SimStore store, long revision, List<SimLease> leases) {}

  /** Takes a snapshot. */
  public Saved save() {
    etcd.trace.add("operator", "snapshot at revision %d", etcd.store().revision());
    return new Saved(etcd.store(), etcd.store().revision(), etcd.leases().copy());
  }
}
