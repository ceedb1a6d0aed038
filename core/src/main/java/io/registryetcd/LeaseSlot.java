package io.registryetcd;

import io.registryetcd.etcd.EtcdException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lease that a group of registrations shares: the current one, and those before it that are
 * revoked when all have moved.
 *
 * <p>Changes only on the session's loop.
 */
final class LeaseSlot {

  /** A registration, as its lease sees it. */
  interface Member {

    void onLease(long lease, Duration ttl);

    void onLeaseLost();

    void onLeaseDoubtful(boolean doubtful);

    void onLeaseRefused(EtcdException cause);

    /** Whether no key of this member can be under another lease than this one. */
    boolean hasMovedTo(long lease);
  }

  private static final Duration LOSS_JITTER = Duration.ofMillis(500);

  private final Leases leases;
  private final Set<Member> members = new LinkedHashSet<>();
  private final List<LeaseMachine> retiring = new ArrayList<>();
  private final Map<LeaseMachine, List<Runnable>> fences = new HashMap<>();
  private @Nullable LeaseMachine current;

  LeaseSlot(Leases leases) {
    this.leases = leases;
  }

  void join(Member member) {
    members.add(member);
    if (current == null) {
      replace(Duration.ZERO);
    } else if (current.isLive()) {
      member.onLease(current.id(), current.ttl());
    }
  }

  /** The last one to leave has the lease revoked. */
  void leave(Member member) {
    if (members.remove(member) && members.isEmpty()) {
      retireCurrent();
      releaseRetired();
    } else {
      settle();
    }
  }

  boolean isUnused() {
    return members.isEmpty() && current == null && retiring.isEmpty();
  }

  /** Revokes what there is, whoever still uses it. */
  void close() {
    members.clear();
    retireCurrent();
    releaseRetired();
  }

  private void replace(Duration pause) {
    current = leases.create(this);
    current.startAfter(pause);
  }

  private void retireCurrent() {
    if (current != null) {
      retiring.add(current);
      current = null;
    }
  }

  /**
   * All keys move to a new lease, and the old one is revoked when they have. One that is still
   * being asked for has no key yet and is the new one.
   */
  void rotate() {
    if (current != null && current.isLive()) {
      retireCurrent();
      replace(Duration.ZERO);
    }
  }

  /**
   * Calls {@code done} when no put under this lease can succeed any more.
   *
   * @return false if the lease is not of this slot
   */
  boolean fence(long lease, Runnable done) {
    if (current != null && current.id() == lease) {
      rotate();
    }
    for (LeaseMachine machine : retiring) {
      if (machine.id() == lease) {
        fences.computeIfAbsent(machine, m -> new ArrayList<>()).add(done);
        settle();
        return true;
      }
    }
    return false;
  }

  /**
   * Revokes the old leases if every member has moved to the current one. Called whenever a member
   * has changed.
   */
  void settle() {
    LeaseMachine to = current;
    if (!retiring.isEmpty()
        && to != null
        && to.isLive()
        && members.stream().allMatch(member -> member.hasMovedTo(to.id()))) {
      releaseRetired();
    }
  }

  private void releaseRetired() {
    List.copyOf(retiring).forEach(LeaseMachine::release);
  }

  void onLive(LeaseMachine lease) {
    if (lease == current) {
      List.copyOf(members).forEach(member -> member.onLease(lease.id(), lease.ttl()));
      settle();
    }
  }

  void onDoubtful(LeaseMachine lease, boolean doubtful) {
    if (lease == current) {
      List.copyOf(members).forEach(member -> member.onLeaseDoubtful(doubtful));
    }
  }

  void onRefused(LeaseMachine lease, EtcdException cause) {
    if (lease == current) {
      List.copyOf(members).forEach(member -> member.onLeaseRefused(cause));
    }
  }

  /** The lease ended, lost or revoked. */
  void onEnded(LeaseMachine lease) {
    if (lease == current) {
      replace(leases.jitter(LOSS_JITTER));
      List.copyOf(members).forEach(Member::onLeaseLost);
    }
    retiring.remove(lease);
    List<Runnable> waiting = fences.remove(lease);
    if (waiting != null) {
      waiting.forEach(Runnable::run);
    }
  }
}
