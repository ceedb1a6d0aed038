package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.RangeResponse;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.TxnResponse;
import io.registryetcd.etcd.WatchEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registration whose key is kept under a lease: carries out what its {@link RegistrationMachine}
 * asks for, and tells listeners.
 *
 * <p>The machine changes only on the session's loop; what users see of it are volatile copies.
 */
final class LeasedRegistration
    implements Registration,
        RegistrationMachine.Effects,
        EtcdSession.Subject,
        LeaseSlot.Member,
        Watches.Handler {

  private static final Logger logger = LoggerFactory.getLogger(LeasedRegistration.class);
  private static final Duration CLOSE_BOUND = Duration.ofSeconds(1);

  private final EtcdRegistry registry;
  private final EtcdSession session;
  private final String service;
  private final String key;
  private final ByteString keyBytes;
  private final RegistrationMachine machine;
  private final Notifier<StateChange> listeners;

  private LeaseSlot slot;
  private @Nullable Remainder remainder;
  private long watch;
  private Loop.@Nullable Timer timer;
  private boolean told;

  private volatile Instance instance;
  private volatile State state = State.REGISTERING;
  private volatile @Nullable RegistryException problem;
  private final CompletableFuture<Void> registered = new CompletableFuture<>();

  /** The next outcome, for {@link #await}: another one when there is something new to wait for. */
  private volatile CompletableFuture<Void> outcome = new CompletableFuture<>();

  private final CompletableFuture<Void> publicRegistered;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  LeasedRegistration(
      EtcdRegistry registry, EtcdSession session, String service, Instance instance) {
    this.registry = registry;
    this.session = session;
    this.service = service;
    this.instance = instance;
    EtcdConfig config = session.config();
    this.key = config.layout.key(service, instance);
    this.keyBytes = ByteString.copyFromUtf8(key);
    this.slot = session.leases().shared();
    this.listeners = new Notifier<>(session.callbacks(), LeasedRegistration::merge);
    this.machine =
        new RegistrationMachine(
            new RegistrationMachine.Settings(
                key,
                config.retry,
                config.conflictPolicy,
                session.leases()::isOurs,
                session.newBackoff(),
                session.random()),
            encode(instance),
            this);
    this.publicRegistered = Notifier.published(registered, session.callbacks());
  }

  private ByteString encode(Instance value) {
    return ByteString.copyFrom(session.config().layout.encode(value));
  }

  private static Optional<StateChange> merge(
      Optional<StateChange> earlier, Optional<StateChange> later) {
    return later.map(
        change ->
            new StateChange(
                earlier.orElse(change).from(), change.to(), change.reason(), change.message()));
  }

  // For users.

  @Override
  public String service() {
    return service;
  }

  @Override
  public Instance instance() {
    return instance;
  }

  @Override
  public String key() {
    return key;
  }

  @Override
  public State state() {
    return state;
  }

  @Override
  public Optional<RegistryException> problem() {
    return Optional.ofNullable(problem);
  }

  @Override
  public CompletableFuture<Void> whenRegistered() {
    return publicRegistered.copy();
  }

  @Override
  public void await(Duration timeout) {
    if (state == State.REGISTERED
        || Waiting.atMost(timeout, outcome, session.loop())
        || state == State.REGISTERED) {
      return;
    }
    RegistryException cause = problem;
    if (cause != null) {
      throw cause;
    }
    String message = "not registered within " + timeout + ": " + key + " (" + state + ")";
    throw state == State.PAUSED || state == State.CLOSED
        ? new RegistryException(message)
        : new EtcdUnreachableException(message, null);
  }

  @Override
  public Subscription onStateChange(Consumer<? super StateChange> listener) {
    return listeners.add(listener, Optional.empty());
  }

  @Override
  public synchronized void update(int weight, Map<String, String> tags) {
    Instance updated = instance.withWeight(weight).withTags(tags);
    ByteString value = encode(updated);
    instance = updated;
    session.loop().execute(() -> machine.update(value));
  }

  @Override
  public void pause() {
    session.loop().execute(machine::pause);
  }

  @Override
  public void resume() {
    session.loop().execute(machine::resume);
  }

  @Override
  public void retryNow() {
    if (outcome.isCompletedExceptionally()) {
      outcome = new CompletableFuture<>();
    }
    session
        .loop()
        .execute(
            () -> {
              session.nudge();
              machine.retryNow();
            });
  }

  @Override
  public void close() {
    Waiting.atMost(CLOSE_BOUND, closeAsync(), session.loop());
  }

  CompletableFuture<Void> closeAsync() {
    session.loop().execute(machine::close);
    return closed;
  }

  EtcdRegistry registry() {
    return registry;
  }

  // On the loop: what the session, its leases and its watches report.

  void start() {
    slot.join(this);
    session.add(this);
  }

  @Override
  public ByteString probeKey() {
    return keyBytes;
  }

  @Override
  public void onConnected(Continuity continuity) {
    machine.onConnected(continuity);
  }

  @Override
  public void onDisconnected(EtcdException cause) {
    machine.onDisconnected(cause);
  }

  @Override
  public void onSessionClosed() {
    machine.onSessionClosed();
  }

  @Override
  public void onLease(long lease, Duration ttl) {
    machine.onLease(lease, ttl);
  }

  @Override
  public void onLeaseLost() {
    machine.onLeaseLost();
  }

  @Override
  public void onLeaseDoubtful(boolean doubtful) {
    machine.onLeaseDoubtful(doubtful);
  }

  @Override
  public void onLeaseRefused(EtcdException cause) {
    machine.onLeaseRefused(cause);
  }

  @Override
  public boolean hasMovedTo(long lease) {
    return machine.hasMovedTo(lease);
  }

  @Override
  public void onEvents(List<WatchEvent> events) {
    for (WatchEvent event : events) {
      machine.onEvent(event.modRevision(), event.put());
    }
    settle();
  }

  @Override
  public void onCanceled(EtcdException cause) {
    machine.onWatchCanceled(cause);
  }

  /** After each event that may have moved the key. */
  private void settle() {
    slot.settle();
    if (remainder != null && remainder.hasMovedTo(0)) {
      dropRemainder();
    }
  }

  private void dropRemainder() {
    Remainder left = remainder;
    remainder = null;
    if (left != null) {
      left.slot().leave(left);
    }
  }

  /** The regular check of one's own keys has read this one. */
  void onChecked(long revision, Optional<KeyValue> kv) {
    machine.onChecked(revision, kv);
    settle();
  }

  ByteString keyBytes() {
    return keyBytes;
  }

  // What the machine asks for.

  @Override
  public void read() {
    session.call(
        session.client().range(RangeRequest.key(keyBytes)),
        RangeResponse::header,
        response -> {
          machine.onRead(response.header().revision(), response.kvs().stream().findFirst());
          settle();
        },
        this::onFailed);
  }

  private void onFailed(EtcdException cause) {
    machine.onFailed(cause);
    settle();
  }

  @Override
  public void put(ByteString value, long lease, long expectedModRevision, long expectedLease) {
    // the lease too: another history of etcd may have given the same revision to another owner
    Txn txn =
        new Txn(
            List.of(
                new Txn.Compare(keyBytes, Txn.Target.MOD_REVISION, expectedModRevision),
                new Txn.Compare(keyBytes, Txn.Target.LEASE, expectedLease)),
            List.of(new Txn.Put(keyBytes, value, lease)),
            List.of(new Txn.Get(keyBytes)));
    run(txn, machine::onPut);
  }

  @Override
  public void delete(long lease) {
    Txn txn =
        new Txn(
            List.of(new Txn.Compare(keyBytes, Txn.Target.LEASE, lease)),
            List.of(new Txn.Delete(keyBytes)),
            List.of(new Txn.Get(keyBytes)));
    run(txn, machine::onDeleted);
  }

  private void run(Txn txn, Consumer<Long> succeeded) {
    session.call(
        session.client().txn(txn),
        TxnResponse::header,
        response -> {
          long revision = response.header().revision();
          if (response.succeeded()) {
            succeeded.accept(revision);
          } else {
            machine.onConflict(revision, response.gets().get(0));
          }
          settle();
        },
        this::onFailed);
  }

  @Override
  public void watch(long startRevision) {
    unwatch();
    watch = session.watches().add(KeyRange.key(keyBytes), startRevision, this);
  }

  @Override
  public void unwatch() {
    session.watches().remove(watch);
  }

  @Override
  public void startTimer(Duration delay) {
    cancelTimer();
    timer = session.loop().schedule(delay, machine::onTimer);
  }

  @Override
  public void cancelTimer() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }

  @Override
  public void moveToOwnLease() {
    LeaseSlot before = slot;
    if (machine.leaseInEtcd() != 0) {
      remainder = new Remainder(before, machine.leaseInEtcd());
      before.join(remainder);
    }
    before.leave(this);
    slot = session.leases().newSlot();
    slot.join(this);
  }

  @Override
  public void leaseNotFound(long lease) {
    session.leases().onNotFound(lease);
  }

  @Override
  public void leaveLease() {
    slot.leave(this);
    dropRemainder();
  }

  @Override
  public void fence(long lease) {
    session.leases().fence(lease, machine::onFenced);
  }

  @Override
  public void problem(@Nullable EtcdException cause) {
    if (cause == null) {
      problem = null;
      return;
    }
    RegistryException typed = Problems.of("cannot register " + key, cause);
    // that etcd is away is told once for the session, not for each key
    boolean refused = !(typed instanceof EtcdUnreachableException);
    if (refused && !told) {
      told = true;
      logger.warn("{}", typed.getMessage());
    } else {
      logger.debug("{}", typed.getMessage());
    }
    problem = typed;
    if (refused) {
      fail(typed);
    }
  }

  @Override
  public void step(State next, Reason reason, String message) {
    State before = state;
    if (before == State.REGISTERED) {
      outcome = new CompletableFuture<>();
    }
    if (next == State.CONFLICT) {
      problem = new RegistrationConflictException(key + ": " + message);
    }
    state = next;
    log(before, next, reason, message);
    listeners.tell(new StateChange(before, next, reason, key + ": " + message));
    switch (next) {
      case REGISTERED -> {
        told = false;
        outcome.complete(null);
        registered.complete(null);
      }
      case CLOSED -> onClosed();
      default -> {}
    }
  }

  private void fail(RegistryException cause) {
    outcome.completeExceptionally(cause);
    registered.completeExceptionally(cause);
  }

  private void log(State before, State next, Reason reason, String message) {
    String where = session.client().endpoint();
    if (next == State.FAILED) {
      logger.error("{}: {} -> {} ({}): {} [{}]", key, before, next, reason, message, where);
    } else if (next == State.CONFLICT) {
      logger.warn("{}: {} -> {} ({}): {} [{}]", key, before, next, reason, message, where);
    } else {
      logger.info("{}: {} -> {} ({}): {} [{}]", key, before, next, reason, message, where);
    }
  }

  private void onClosed() {
    session.remove(this);
    registry.forget(this);
    fail(new RegistryException("closed before it was registered: " + key));
    closed.complete(null);
  }

  @Override
  public String toString() {
    return "Registration[" + key + " " + state + "]";
  }

  /**
   * The key under the shared lease when the registration has gone to a lease of its own but may not
   * put the key there: the shared lease is renewed as long as it holds the key.
   */
  private final class Remainder implements LeaseSlot.Member {

    private final LeaseSlot slot;
    private final long lease;

    Remainder(LeaseSlot slot, long lease) {
      this.slot = slot;
      this.lease = lease;
    }

    LeaseSlot slot() {
      return slot;
    }

    @Override
    public void onLease(long newLease, Duration ttl) {}

    @Override
    public void onLeaseLost() {}

    @Override
    public void onLeaseDoubtful(boolean doubtful) {}

    @Override
    public void onLeaseRefused(EtcdException cause) {}

    @Override
    public boolean hasMovedTo(long newLease) {
      return !machine.mayBeUnder(lease);
    }
  }
}
