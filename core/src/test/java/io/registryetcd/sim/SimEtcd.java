package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of one or more members with one history, and the faults that befall it.
 *
 * <p>What is true of etcd 3.4 and 3.7 is true here: a restart or a new leader gives every lease its
 * full time again; a lone member, or an ex-leader, that was frozen longer than a lease's time may
 * revoke live leases as it wakes; a request that its caller gave up may still be executed; a wiped
 * cluster keeps its id and begins at revision 1; a restored one has its old leases back; a lagging
 * member tells an old revision on its streams but reads linearizably.
 */
public final class SimEtcd {

  static final long CLUSTER_ID = 7;

  private static final long MILLI = 1_000_000;
  private static final long PROPOSAL_LIFE = Duration.ofSeconds(7).toNanos();
  private static final long NO_LEADER_PATIENCE = Duration.ofSeconds(3).toNanos();

  final VirtualScheduler scheduler;
  final RandomGenerator random;
  final SimTrace trace;
  final SimObserver observer;
  private final Host world;
  private final List<SimMember> members = new ArrayList<>();
  private final List<SimStore> lives = new ArrayList<>();
  private final Set<Proposal> inFlight = new LinkedHashSet<>();
  private final SimLeases leases;
  private final SimOperator operator;
  private SimStore store = new SimStore();
  private @Nullable SimMember leader;
  private long leaderless;
  private long term = 2;
  private final boolean swallowsDeleteAtCompaction;

  /** A cluster that is up and has a leader. */
  public SimEtcd(
      VirtualScheduler scheduler,
      RandomGenerator random,
      SimTrace trace,
      SimObserver observer,
      int size) {
    this.scheduler = scheduler;
    this.random = random;
    this.trace = trace;
    this.observer = observer;
    this.world = scheduler.host("etcd");
    this.leases = new SimLeases(this);
    this.operator = new SimOperator(this);
    this.swallowsDeleteAtCompaction = random.nextBoolean();
    for (int i = 0; i < size; i++) {
      members.add(new SimMember(this, i));
    }
    leader = members.get(0);
    lives.add(store);
    observer.newLife(store);
  }

  // --- what the checks and the scenario look at

  /** How many members there are. */
  public int size() {
    return members.size();
  }

  /** The store of the present life. */
  public SimStore store() {
    return store;
  }

  /** The stores of all lives, oldest first. */
  public List<SimStore> lives() {
    return lives;
  }

  /** The present leases. */
  public SimLeases leases() {
    return leases;
  }

  /** Who does things to it by hand. */
  public SimOperator operator() {
    return operator;
  }

  /** The raft term. */
  public long term() {
    return term;
  }

  /** Whether all members are up, running, in touch and up to date, under a leader. */
  public boolean isWhole() {
    return leader != null && members.stream().allMatch(m -> m.isHealthy() && !m.lagging);
  }

  /** Whether a member runs. */
  public boolean isUp(int member) {
    return members.get(member).up;
  }

  /**
   * Whether a watch from a compacted revision is not told of a delete there: etcd 3.4 does not
   * tell, 3.7 does.
   */
  boolean swallowsDeleteAtCompaction() {
    return swallowsDeleteAtCompaction;
  }

  SimMember member(int index) {
    return members.get(index);
  }

  @Nullable SimMember leader() {
    return leader;
  }

  // --- faults of the cluster

  /**
   * Kills a member. Its clients learn of it at once or, if {@code silently}, only by its silence.
   */
  public void kill(int index, boolean silently) {
    SimMember member = members.get(index);
    if (!member.up) {
      return;
    }
    trace.add("fault", "kill %s%s", member, silently ? " silently" : "");
    member.reset();
    for (SimConnection connection : List.copyOf(member.connections)) {
      connection.memberDied(silently);
    }
    if (leader == member) {
      loseLeader();
    }
  }

  /** Starts a killed member. */
  public void start(int index) {
    SimMember member = members.get(index);
    if (!member.up) {
      trace.add("fault", "start %s at revision %d", member, store.revision());
      member.host = scheduler.host("etcd" + index);
      member.up = true;
      member.isolated = false;
      member.lagging = false;
      member.reload();
      callElection();
    }
  }

  /** Stops a member as by SIGSTOP. */
  public void freeze(int index) {
    SimMember member = members.get(index);
    trace.add("fault", "freeze %s", member);
    member.host.pause();
    member.connections.forEach(SimConnection::suspectSilence);
    deposeIfUnfit(member);
  }

  /** Lets a frozen member go on. */
  public void wake(int index) {
    SimMember member = members.get(index);
    if (!member.up || !member.host.isPaused()) {
      return;
    }
    trace.add("fault", "wake %s", member);
    member.host.resume();
    if (leader != null && leader != member) {
      leases.wakeExLeader(member);
    }
    rejoin(member);
  }

  /** Cuts a member off from its peers, but not from its clients. */
  public void isolate(int index) {
    SimMember member = members.get(index);
    trace.add("fault", "isolate %s", member);
    member.isolated = true;
    endStreamsIfLeaderless(member);
    deposeIfUnfit(member);
  }

  /** Ends {@link #isolate}. */
  public void reunite(int index) {
    SimMember member = members.get(index);
    if (member.isolated) {
      trace.add("fault", "reunite %s", member);
      member.isolated = false;
      rejoin(member);
    }
  }

  /**
   * Makes a member apply late what the cluster commits; it tells an old revision on its streams.
   */
  public void lag(int index) {
    trace.add("fault", "lag %s", members.get(index));
    members.get(index).lagging = true;
  }

  /** Ends {@link #lag}. */
  public void catchUp(int index) {
    SimMember member = members.get(index);
    if (member.lagging) {
      trace.add("fault", "catch up %s", member);
      member.lagging = false;
      scheduler.after(0, member.host, member::catchUp);
    }
  }

  /**
   * Gives all stopped members an empty store, in which {@code key} is then written often enough for
   * a revision.
   */
  public void wipe(long revision, ByteString key) {
    trace.add("fault", "wipe at revision %d, begins at %d", store.revision(), revision);
    SimStore empty = new SimStore();
    while (empty.revision() < revision) {
      empty.write().put(key, ByteString.EMPTY, 0).commit();
    }
    newLife(empty, List.of());
  }

  /** Gives all stopped members the store of a snapshot. */
  public void restore(SimOperator.Saved saved) {
    trace.add("fault", "restore revision %d over %d", saved.revision(), store.revision());
    newLife(new SimStore(saved.store(), saved.revision()), saved.leases());
  }

  private void newLife(SimStore next, List<SimLease> nextLeases) {
    store = next;
    lives.add(next);
    inFlight.clear();
    term = random.nextInt(4) == 0 ? term : 2;
    observer.newLife(next);
    leases.replace(nextLeases);
  }

  // --- leaders and proposals

  /** Something that needs the leader: a write, a linearizable read, a keepalive. */
  record Proposal(SimMember via, Runnable action, BooleanSupplier abandoned, long since) {}

  void submit(Proposal proposal) {
    SimMember at = leader;
    if (at == null || proposal.via().isolated) {
      proposal.via().waiting.add(proposal);
      return;
    }
    inFlight.add(proposal);
    scheduler.after(20_000 + random.nextInt(300_000), at.host, () -> apply(proposal, at));
  }

  private void apply(Proposal proposal, SimMember at) {
    if (at == leader && inFlight.remove(proposal)) {
      proposal.action().run();
    }
  }

  /** Lets the members see what was committed: soon, and each at its own time. */
  void publish() {
    for (SimMember member : members) {
      if (member.up && !member.lagging && !member.isolated) {
        scheduler.after(random.nextLong(2 * MILLI), member.host, member::catchUp);
      }
    }
  }

  private void rejoin(SimMember member) {
    if (leader == null) {
      callElection();
    } else {
      resubmitWaiting(member);
      if (!member.lagging) {
        scheduler.after(0, member.host, member::catchUp);
      }
    }
  }

  private void deposeIfUnfit(SimMember member) {
    scheduler.after(
        electionTime(),
        world,
        () -> {
          if (leader == member && !member.isHealthy() && members.size() > 1) {
            loseLeader();
          }
        });
  }

  private void loseLeader() {
    SimMember old = leader;
    if (old != null) {
      leases.rememberForExLeader(old);
    }
    leader = null;
    leaderless = scheduler.now();
    for (Proposal proposal : inFlight) {
      if (random.nextBoolean() && proposal.via().up) {
        proposal.via().waiting.add(proposal);
      }
    }
    inFlight.clear();
    members.forEach(this::endStreamsIfLeaderless);
    callElection();
  }

  private long electionTime() {
    return MILLI * (members.size() == 1 ? 50 + random.nextInt(1000) : 1000 + random.nextInt(1000));
  }

  private void callElection() {
    scheduler.after(electionTime(), world, this::elect);
  }

  private void elect() {
    List<SimMember> fit = members.stream().filter(SimMember::isHealthy).toList();
    if (leader != null || fit.size() * 2 <= members.size()) {
      return;
    }
    SimMember elected = fit.get(random.nextInt(fit.size()));
    leader = elected;
    term++;
    trace.add("etcd", "%s leads in term %d", elected, term);
    leases.refresh();
    members.forEach(this::resubmitWaiting);
    fit.forEach(member -> scheduler.after(0, member.host, member::catchUp));
  }

  private void resubmitWaiting(SimMember member) {
    if (member.isolated) {
      return;
    }
    List<Proposal> proposals = List.copyOf(member.waiting);
    member.waiting.clear();
    for (Proposal proposal : proposals) {
      boolean wanted = !proposal.abandoned().getAsBoolean() || random.nextInt(3) == 0;
      if (wanted && scheduler.now() - proposal.since() < PROPOSAL_LIFE) {
        submit(proposal);
      }
    }
  }

  boolean hasLeader(SimMember member) {
    return leader != null && !member.isolated;
  }

  private void endStreamsIfLeaderless(SimMember member) {
    long since = leaderless;
    scheduler.after(
        NO_LEADER_PATIENCE,
        member.host,
        () -> {
          boolean stillLeaderless = leader == null && leaderless == since;
          if (stillLeaderless || member.isolated) {
            List.copyOf(member.connections).forEach(SimConnection::endStreamsWithoutLeader);
          }
        });
  }
}
