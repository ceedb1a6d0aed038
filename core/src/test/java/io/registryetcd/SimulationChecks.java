package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.SimProcess.Entry;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.Txn;
import io.registryetcd.sim.SimEtcd;
import io.registryetcd.sim.SimLease;
import io.registryetcd.sim.SimObserver;
import io.registryetcd.sim.SimStore;
import io.registryetcd.sim.SimTrace;
import io.registryetcd.sim.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The properties, checked at every request that arrives at etcd and at everything that a view
 * shows.
 */
final class SimulationChecks implements SimObserver {

  /**
   * At most so many leases of one process are alive at the same time: one, and one in the place of
   * another.
   */
  private static final int MOST_LEASES = 2;

  private final VirtualScheduler scheduler;
  private final SimTrace trace;
  private final EtcdConfig config;
  private final List<SimStore> lives = new ArrayList<>();
  private long lastRefusal = Long.MIN_VALUE / 2;
  private @Nullable SimEtcd cluster;
  private final Map<String, SimHistory> histories = new HashMap<>();
  private final Map<Long, String> leaseOwner = new HashMap<>();
  private final Set<Long> leasesOfOldLives = new HashSet<>();
  private final Map<String, Account> accounts = new HashMap<>();
  private final Map<String, SimProcess> processes = new LinkedHashMap<>();
  private @Nullable SimulationFailure failure;

  /** What a process did with leases and keys. */
  private static final class Account {
    private int granted;
    private int lost;
    private int live;
    private int refused;
    private int livesAtStart;
    private final Map<String, Writes> writes = new HashMap<>();
  }

  /** The puts that were executed for one registration. */
  private static final class Writes {
    private int executed;
    private long lastTakeover = Long.MIN_VALUE;
  }

  SimulationChecks(VirtualScheduler scheduler, SimTrace trace, EtcdConfig config) {
    this.scheduler = scheduler;
    this.trace = trace;
    this.config = config;
  }

  void add(SimProcess process) {
    processes.put(process.name(), process);
    account(process.name()).livesAtStart = lives.size();
  }

  void watchOver(SimEtcd etcd) {
    cluster = etcd;
  }

  private Set<ByteString> keysUnder(long lease) {
    return cluster == null
        ? Set.of()
        : cluster.leases().get(lease).map(SimLease::keys).orElse(Set.of());
  }

  long now() {
    return scheduler.now();
  }

  SimTrace trace() {
    return trace;
  }

  List<SimStore> lives() {
    return lives;
  }

  SimHistory history(int life, String service) {
    return histories.computeIfAbsent(
        life + "/" + service,
        key -> new SimHistory(lives.get(life), config.layout(), service, config.defaultWeight));
  }

  /** Notes a failure, for code that catches what its callee throws, and returns it to be thrown. */
  SimulationFailure fail(String property, String message) {
    SimulationFailure first = failure;
    if (first == null) {
      first = new SimulationFailure(property, message);
      failure = first;
    }
    return first;
  }

  void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * After which time every view has been listed and every key been read again, whatever watches did
   * not tell.
   */
  Duration untilRead() {
    Duration observe = config.retry.observeDelay();
    Duration list = config.antiEntropyPeriod;
    Duration longer = observe.compareTo(list) > 0 ? observe : list;
    return longer.multipliedBy(6).dividedBy(5).plusSeconds(8);
  }

  /** Whether something is hidden from a process that only a list or a read can show. */
  boolean isMisled(SimProcess process) {
    return process.client().hearing().wasMisledWithin(untilRead().toNanos());
  }

  private SimProcess process(String client) {
    return Objects.requireNonNull(processes.get(client), client);
  }

  private Account account(String client) {
    return accounts.computeIfAbsent(client, name -> new Account());
  }

  private boolean isOf(String client, long lease) {
    return client.equals(leaseOwner.get(lease));
  }

  // --- told by etcd

  @Override
  public void newLife(SimStore store) {
    lives.add(store);
    leasesOfOldLives.addAll(leaseOwner.keySet());
  }

  @Override
  public void granted(SimLease lease) {
    boolean repeated = leaseOwner.put(lease.id(), lease.owner()) != null;
    SimProcess process = processes.get(lease.owner());
    Account account = account(lease.owner());
    account.live++;
    if (process == null || repeated) {
      return;
    }
    account.granted++;
    int groups = 1 + account.refused;
    int newLives = lives.size() - account.livesAtStart;
    if (account.live > MOST_LEASES * groups + 2 * newLives) {
      throw fail("P8", lease.owner() + " has " + account.live + " live leases");
    }
    int excuses =
        account.lost
            + newLives * groups
            + 2 * account.refused
            + process.endings()
            + process.client().unknownOutcomes();
    if (account.granted > 1 + excuses) {
      throw fail(
          "P8",
          lease.owner()
              + " asked for "
              + account.granted
              + " leases with reason for "
              + (1 + excuses));
    }
  }

  @Override
  public void leaseEnded(SimLease lease, LeaseEnd why, String byWhom) {
    Account account = account(lease.owner());
    account.live--;
    if (!byWhom.equals(lease.owner())) {
      account.lost++;
    }
  }

  @Override
  public void leaseRestored(SimLease lease) {
    account(lease.owner()).live++;
  }

  @Override
  public void refused(String client) {
    account(client).refused++;
    lastRefusal = now();
  }

  /** Whether somebody may still wait to ask again for what was refused. */
  boolean wasRefusedWithin(Duration time) {
    return now() - lastRefusal <= time.toNanos();
  }

  @Override
  public void transaction(String client, Txn txn, long sentAt) {
    for (Txn.Op op : txn.failure()) {
      if (!(op instanceof Txn.Get)) {
        throw fail("P6", client + " writes though its compare fails: " + txn);
      }
    }
    for (Txn.Op op : txn.success()) {
      if (op instanceof Txn.Delete delete && !isGuarded(client, txn, delete.key())) {
        throw fail("P6", client + " deletes a key that may not be its own: " + txn);
      }
    }
  }

  private boolean isGuarded(String client, Txn txn, ByteString key) {
    return txn.compares().stream()
        .anyMatch(
            compare ->
                compare.key().equals(key)
                    && compare.target() == Txn.Target.LEASE
                    && isOf(client, compare.expected()));
  }

  @Override
  public void revoke(String client, long lease) {
    String owner = leaseOwner.get(lease);
    if (owner != null && !owner.equals(client)) {
      throw fail("P6", client + " revokes a lease of " + owner);
    }
    SimProcess process = process(client);
    boolean restored = leasesOfOldLives.contains(lease);
    for (ByteString key : keysUnder(lease)) {
      if (!restored
          && process.isRunning()
          && process.entry(key.toStringUtf8()).filter(Entry::isWanted).isPresent()) {
        throw fail(
            "P8", client + " revokes a lease that is still needed for " + key.toStringUtf8());
      }
    }
  }

  @Override
  public void delete(String client, ByteString key, Optional<KeyValue> old) {
    if (old.isPresent() && !isOf(client, old.get().lease())) {
      throw fail("P6", client + " deleted a key that is not its own: " + key.toStringUtf8());
    }
  }

  @Override
  public void put(String client, Txn.Put put, Optional<KeyValue> old, long sentAt) {
    if (!isOf(client, put.lease())) {
      throw fail("P6", client + " puts a key under a lease that is not its own");
    }
    String key = put.key().toStringUtf8();
    long since = process(client).entry(key).map(Entry::since).orElse(0L);
    Writes writes = account(client).writes.computeIfAbsent(key + since, k -> new Writes());
    boolean foreign = old.isPresent() && !isOf(client, old.get().lease());
    if (foreign) {
      if (writes.executed > 0 && !policyAllows(old.get(), writes, sentAt)) {
        throw fail("I4", client + " overwrites a key that another took from it: " + key);
      }
      writes.lastTakeover = sentAt;
    }
    writes.executed++;
  }

  private boolean policyAllows(KeyValue old, Writes writes, long sentAt) {
    long ttl = config.leaseTtl().toNanos();
    return switch (config.conflictPolicy) {
      case WAIT -> false;
      case ADOPT -> old.lease() == 0;
      case RECLAIM ->
          writes.lastTakeover == Long.MIN_VALUE || sentAt - writes.lastTakeover >= ttl / 2;
    };
  }

  @Override
  public void deleteSwallowed(String client, KeyRange range) {
    SimProcess process = processes.get(client);
    if (process != null) {
      process.client().hearing().mislead();
    }
  }

  // --- at rest

  /** Why etcd does not hold the keys that the processes want; empty if it does: P7. */
  String unsettledKeys(SimStore store, List<String> services) {
    Map<String, List<Entry>> wanted = new LinkedHashMap<>();
    for (SimProcess process : processes.values()) {
      if (process.isRunning()) {
        for (Entry entry : process.entries()) {
          if (entry.isWanted()) {
            wanted.computeIfAbsent(entry.registration().key(), key -> new ArrayList<>()).add(entry);
          }
        }
      }
    }
    for (String service : services) {
      for (KeyValue kv : store.range(KeyRange.prefix(config.layout().range(service)))) {
        String key = kv.key().toStringUtf8();
        SimProcess owner = processes.get(leaseOwner.getOrDefault(kv.lease(), ""));
        String problem = unsettledKey(kv, key, owner, wanted.getOrDefault(key, List.of()));
        if (!problem.isEmpty()) {
          return problem;
        }
        wanted.remove(key);
      }
    }
    return wanted.isEmpty() ? "" : "missing in etcd: " + wanted.keySet();
  }

  private String unsettledKey(
      KeyValue kv, String key, @Nullable SimProcess owner, List<Entry> wanters) {
    if (owner == null) {
      boolean adopts = kv.lease() == 0 && config.conflictPolicy == ConflictPolicy.ADOPT;
      boolean wrong = wanters.stream().anyMatch(entry -> adopts || !isInConflict(entry));
      return wrong ? key + " is foreign, but " + states(wanters) : "";
    }
    Optional<Entry> own = owner.entry(key).filter(wanters::contains);
    if (own.isEmpty()) {
      // what a restored snapshot brings back under a lease that is still renewed, nobody can tell
      boolean ghost = owner.isRunning() && owner.client().hearing().missedLife();
      return ghost ? "" : key + " is left behind by " + owner.name();
    }
    for (Entry entry : wanters) {
      if (entry != own.get() && !isInConflict(entry)) {
        return key + " belongs to " + owner.name() + ", but " + states(wanters);
      }
    }
    boolean right = isRegistered(own.get()) && kv.value().equals(encode(own.get()));
    return right ? "" : key + " is there, but " + states(wanters);
  }

  private static boolean isRegistered(Entry entry) {
    Registration registration = entry.registration();
    return registration.state() == Registration.State.REGISTERED
        && registration.problem().isEmpty()
        && registration.whenRegistered().isDone();
  }

  private ByteString encode(Entry entry) {
    return ByteString.copyFrom(config.layout().encode(entry.registration().instance()));
  }

  private static boolean isInConflict(Entry entry) {
    return entry.registration().state() == Registration.State.CONFLICT;
  }

  private static String states(List<Entry> entries) {
    return entries.stream().map(Entry::toString).toList().toString();
  }

  /**
   * Why the processes have not one lease each, or none if they need none; empty if they have: P8.
   */
  String unsettledLeases(Iterable<SimLease> leases) {
    Map<String, Integer> live = new HashMap<>();
    leases.forEach(lease -> live.merge(lease.owner(), 1, Integer::sum));
    for (SimProcess process : processes.values()) {
      boolean needed = process.hasOpenEntries();
      int actual = live.getOrDefault(process.name(), 0);
      int most = needed ? 1 + account(process.name()).refused : 0;
      if (actual > most || (needed && actual == 0)) {
        return process.name() + " has " + actual + " leases (expected: " + (needed ? 1 : 0) + ")";
      }
    }
    return "";
  }
}
