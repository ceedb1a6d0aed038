package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.sim.SimObserver.LeaseEnd;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The leases of the cluster. The leader watches over their time: what it believes when it wakes
 * from a freeze decides, also if it leads no more.
 */
public final class SimLeases {

  /** The least time to live that etcd grants. */
  static final long MIN_TTL_SECONDS = 2;

  private static final int EXPIRY_CHECK_NANOS = 500_000_000;

  private final SimEtcd etcd;
  private final Map<Long, SimLease> leases = new TreeMap<>();
  private final Map<SimMember, Map<SimLease, Long>> beliefs = new HashMap<>();

  SimLeases(SimEtcd etcd) {
    this.etcd = etcd;
  }

  /** All that are alive. */
  public Collection<SimLease> all() {
    return leases.values();
  }

  /** One that is alive. */
  public Optional<SimLease> get(long id) {
    return Optional.ofNullable(leases.get(id));
  }

  boolean exists(long id) {
    return leases.containsKey(id);
  }

  SimLease grant(long id, long ttlSeconds, String owner) {
    SimLease lease = new SimLease(id, Math.max(ttlSeconds, MIN_TTL_SECONDS), owner);
    leases.put(id, lease);
    renew(lease);
    watchOver(lease);
    etcd.trace.add("etcd", "grant lease %x of %d s to %s", id, lease.ttlSeconds(), owner);
    etcd.observer.granted(lease);
    return lease;
  }

  /** Renews one; its time to live, or 0 if it is lost. */
  long keepAlive(long id) {
    SimLease lease = leases.get(id);
    if (lease == null) {
      return 0;
    }
    renew(lease);
    return lease.ttlSeconds();
  }

  /** Ends one and deletes its keys in one revision. */
  void end(long id, LeaseEnd why, String byWhom) {
    SimLease lease = leases.remove(id);
    if (lease == null) {
      return;
    }
    etcd.trace.add(
        "etcd", "lease %x of %s %s by %s, keys %s", id, lease.owner(), why, byWhom, names(lease));
    SimStore.Write write = etcd.store().write();
    lease.keys().forEach(write::delete);
    etcd.observer.leaseEnded(lease, why, byWhom);
    write.commit();
    etcd.publish();
  }

  /** Takes a key from its old lease and gives it to another, or to none. */
  void move(ByteString key, Optional<KeyValue> old, long lease) {
    old.map(kv -> leases.get(kv.lease())).ifPresent(from -> from.remove(key));
    get(lease).ifPresent(to -> to.add(key));
  }

  List<SimLease> copy() {
    return leases.values().stream().map(SimLease::copy).toList();
  }

  /** Puts others in the place of all. */
  void replace(List<SimLease> others) {
    List<SimLease> ended = new ArrayList<>(leases.values());
    leases.clear();
    beliefs.clear();
    for (SimLease lease : others) {
      leases.put(lease.id(), lease.copy());
      if (ended.stream().noneMatch(old -> old.id() == lease.id())) {
        etcd.observer.leaseRestored(lease);
      }
    }
    for (SimLease lease : ended) {
      if (!leases.containsKey(lease.id())) {
        etcd.observer.leaseEnded(lease, LeaseEnd.WIPED, "fault");
      }
    }
  }

  /** A new leader gives every lease its full time. */
  void refresh() {
    for (SimLease lease : leases.values()) {
      renew(lease);
      watchOver(lease);
    }
  }

  void rememberForExLeader(SimMember member) {
    Map<SimLease, Long> expiries = new HashMap<>();
    leases.values().forEach(lease -> expiries.put(lease, lease.expiresAt()));
    beliefs.put(member, expiries);
  }

  /**
   * An ex-leader that wakes revokes most of what it believes to have expired, whatever happened
   * since.
   */
  void wakeExLeader(SimMember member) {
    Map<SimLease, Long> expiries = beliefs.remove(member);
    if (expiries == null) {
      return;
    }
    for (SimLease lease : new ArrayList<>(leases.values())) {
      Long believed = expiries.get(lease);
      if (believed != null && believed <= etcd.scheduler.now() && etcd.random.nextInt(10) < 7) {
        end(lease.id(), LeaseEnd.EXPIRED, "ex-leader");
      }
    }
  }

  private void renew(SimLease lease) {
    lease.renew(etcd.scheduler.now());
  }

  private void watchOver(SimLease lease) {
    SimMember leader = etcd.leader();
    if (leader != null) {
      long term = etcd.term();
      long delay =
          lease.expiresAt() - etcd.scheduler.now() + etcd.random.nextInt(EXPIRY_CHECK_NANOS);
      etcd.scheduler.after(delay, leader.host, () -> check(lease, leader, term));
    }
  }

  private void check(SimLease lease, SimMember watcher, long term) {
    boolean mine = etcd.leader() == watcher && etcd.term() == term;
    if (!mine || !isAlive(lease)) {
      return;
    }
    if (lease.expiresAt() > etcd.scheduler.now()) {
      watchOver(lease);
    } else {
      end(lease.id(), LeaseEnd.EXPIRED, "time");
    }
  }

  private boolean isAlive(@Nullable SimLease lease) {
    return lease != null && leases.get(lease.id()) == lease;
  }

  private static List<String> names(SimLease lease) {
    return lease.keys().stream().map(ByteString::toStringUtf8).toList();
  }
}
