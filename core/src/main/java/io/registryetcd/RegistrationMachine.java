package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.Reason;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.KeyValue;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one key in etcd as it should be.
 *
 * <p>It compares two things, again after each event: what is wanted (a value under our lease, or
 * nothing) and what is known of the key (as of some revision); and asks for the one step that
 * brings them together. At most one request is under way. So there is no path for "the lease was
 * lost while a put was under way" and its like: each event only changes what is wanted or known.
 *
 * <p>Every put is a compare-and-swap on the key's mod revision and lease as last known, so a put
 * that is executed late, or twice, cannot overwrite what came after. A foreign owner is overwritten
 * only until a put of ours may have been executed: that is the takeover of an explicit {@code
 * register()}, where the newest process at an address wins. Every delete is guarded by our lease.
 * If a put of unknown outcome could still be executed after the delete, its lease is revoked too
 * (the fence).
 *
 * <p>No clock, no thread, no I/O: each method is an event, each method of {@link Effects} an
 * effect.
 */
final class RegistrationMachine {

  /** What the driver carries out. Each request is answered by exactly one event. */
  interface Effects {

    /** Reads the key: {@link #onRead} or {@link #onFailed}. */
    void read();

    /**
     * Puts if the key's mod revision and lease are as expected (0: absent): {@link #onPut}, {@link
     * #onConflict} or {@link #onFailed}.
     */
    void put(ByteString value, long lease, long expectedModRevision, long expectedLease);

    /**
     * Deletes if the key's lease is this one: {@link #onDeleted} (no such key any more), {@link
     * #onConflict} or {@link #onFailed}.
     */
    void delete(long lease);

    /** Watches the key from a revision on, in the place of an earlier watch. */
    void watch(long startRevision);

    void unwatch();

    /** Calls {@link #onTimer} after a pause, in the place of an earlier timer. */
    void startTimer(Duration delay);

    void cancelTimer();

    /**
     * This key is refused while others under the same lease may be not: gives it a lease of its
     * own.
     */
    void moveToOwnLease();

    /** A put found that the lease does not exist. */
    void leaseNotFound(long lease);

    /** Leaves the lease; the last one to leave revokes it. */
    void leaveLease();

    /**
     * Revokes a lease as soon as nobody else needs it, and calls {@link #onFenced} when no put
     * under it can succeed any more.
     */
    void fence(long lease);

    /** A new state, or news about it. */
    void step(State state, Reason reason, String message);

    /** What stands in the way; null when nothing does. */
    void problem(@Nullable EtcdException cause);
  }

  /** What is fixed for one registration. */
  record Settings(
      String key,
      RetryConfig retry,
      ConflictPolicy conflictPolicy,
      LongPredicate isOurLease,
      Backoff backoff,
      RandomGenerator random) {}

  /** The key at some revision. */
  private record Known(long revision, Optional<KeyValue> kv) {

    long modRevision() {
      return kv.map(KeyValue::modRevision).orElse(0L);
    }

    long lease() {
      return kv.map(KeyValue::lease).orElse(0L);
    }
  }

  private enum Flight {
    NONE,
    READ,
    PUT,
    DELETE
  }

  private static final Duration SLOW_PACE = Duration.ofSeconds(30);

  private final Effects effects;
  private final Settings settings;

  private State state = State.REGISTERING;
  private ByteString value;
  private boolean paused;
  private boolean closing;
  private boolean fencing;

  private boolean connected;
  private long lease;
  private Duration leaseTtl = Duration.ZERO;
  private boolean leaseDoubtful;
  private boolean ownLease;
  private boolean leaseRefused;

  private @Nullable Known known;
  private boolean watching;
  private boolean watchPaused;
  private long watchedThrough;

  private Flight flight = Flight.NONE;
  private boolean flightOutdated;
  private boolean refusedInFlight;
  private ByteString flyingValue = ByteString.EMPTY;
  private long flyingLease;

  /** The mod revision that a put replaces; once another is known, what it left in etcd is too. */
  private long flyingExpectation;

  /** The lease of ours under which the key is, or may be; 0 if it is not there or not ours. */
  private long leaseInEtcd;

  /** The lease of a put that may still be executed; 0 if there is none. */
  private long leaseOfUnknownPut;

  private boolean hasPut;
  private boolean mayTakeOver = true;

  /**
   * The foreign revision that a put of unknown outcome was to replace; to repeat that is the same
   * decision.
   */
  private long takingOver;

  private boolean tookOver;
  private boolean waitingToReclaim;
  private boolean mayReclaim;
  private boolean waiting;
  private boolean givenUp;
  private int refusals;

  RegistrationMachine(Settings settings, ByteString value, Effects effects) {
    this.settings = settings;
    this.value = value;
    this.effects = effects;
  }

  State state() {
    return state;
  }

  /** The lease of ours under which the key is, or may be; 0 if it is not there or not ours. */
  long leaseInEtcd() {
    return leaseInEtcd;
  }

  /** Whether the key is, or may be, under this lease. */
  boolean mayBeUnder(long someLease) {
    return known == null
        || flight != Flight.NONE
        || leaseInEtcd == someLease
        || known.lease() == someLease;
  }

  /** Whether no key of ours is, or may be, under any other lease than this one. */
  boolean hasMovedTo(long newLease) {
    if (known == null || flight != Flight.NONE) {
      // one that has never put anything has nothing to move, though it may not even read its key
      return !hasPut && flight == Flight.NONE;
    }
    long holder = known.kv().map(KeyValue::lease).orElse(0L);
    return (leaseInEtcd == 0 || leaseInEtcd == newLease)
        && (holder == newLease || !settings.isOurLease().test(holder));
  }

  private boolean isForeign() {
    return known != null
        && known.kv().isPresent()
        && !settings.isOurLease().test(known.kv().get().lease());
  }

  // What the user wants.

  void update(ByteString newValue) {
    value = newValue;
    reconcile();
  }

  void pause() {
    if (!paused && !closing) {
      paused = true;
      stopWaiting();
      step(State.PAUSED, Reason.REQUESTED, "taken out of service");
      reconcile();
    }
  }

  void resume() {
    if (paused && !closing) {
      paused = false;
      step(State.RETRYING, Reason.REQUESTED, "put back into service");
      retryNow();
    }
  }

  void retryNow() {
    refusals = 0;
    givenUp = false;
    stopWaiting();
    reconcile();
  }

  void close() {
    if (!closing) {
      closing = true;
      stopWaiting();
      reconcile();
    }
  }

  /** Nothing is reported any more; what is in etcd goes with its lease. */
  void onSessionClosed() {
    if (state != State.CLOSED) {
      finish("the session is closed");
    }
  }

  // What the session and its leases report.

  void onConnected(Continuity continuity) {
    connected = true;
    if (refusals == 0) {
      stopWaiting();
    }
    if (continuity != Continuity.SAME) {
      known = null;
      takingOver = 0;
      flightOutdated = flight != Flight.NONE;
    }
    if (continuity == Continuity.NEW) {
      lease = 0;
      if (state == State.REGISTERED) {
        step(State.RETRYING, Reason.NEW_INCARNATION, "etcd has lost its data, or holds older data");
      }
    }
    reconcile();
  }

  void onDisconnected(EtcdException cause) {
    connected = false;
    watching = false;
    if (state != State.REGISTERED && !closing && !paused) {
      tellUnreachable(cause);
      if (!waiting) {
        countIfGivingUp(cause);
      }
    }
  }

  void onLease(long newLease, Duration ttl) {
    lease = newLease;
    leaseTtl = ttl;
    leaseDoubtful = false;
    // a key that was refused is not asked for sooner because there is a lease now
    boolean waitedForLease = refusals == 0 || leaseRefused;
    leaseRefused = false;
    if (waitedForLease && !givenUp) {
      stopWaiting();
    }
    reconcile();
  }

  void onLeaseLost() {
    lease = 0;
    if (state == State.REGISTERED) {
      step(State.RETRYING, Reason.LEASE_LOST, "the lease is gone: revoked, or expired");
    }
  }

  void onLeaseDoubtful(boolean doubtful) {
    leaseDoubtful = doubtful;
    if (doubtful && state == State.REGISTERED) {
      step(
          State.RETRYING,
          Reason.UNREACHABLE,
          "the lease was not renewed for its whole time to live");
    }
    reconcile();
  }

  void onLeaseRefused(EtcdException cause) {
    boolean countedInThisRound = waiting && refusals > 0;
    if (!closing && !paused && state != State.REGISTERED && !countedInThisRound) {
      leaseRefused = true;
      refusedInFlight = flight != Flight.NONE;
      refuse(cause);
    }
  }

  // What is known of the key.

  /** The answer to a read: the key as of a revision. */
  void onRead(long revision, Optional<KeyValue> kv) {
    if (land()) {
      learn(revision, kv);
    }
    reconcile();
  }

  /** A read that this machine did not ask for: of the regular check of one's own keys. */
  void onChecked(long revision, Optional<KeyValue> kv) {
    if (known != null) {
      learn(revision, kv);
      reconcile();
    }
  }

  void onPut(long revision) {
    leaseInEtcd = flyingLease;
    refusals = 0;
    mayTakeOver = false;
    takingOver = 0;
    mayReclaim = false;
    settings.backoff().reset();
    if (land()) {
      learn(
          revision,
          Optional.of(
              new KeyValue(
                  ByteString.copyFromUtf8(settings.key()),
                  flyingValue,
                  revision,
                  revision,
                  1,
                  flyingLease)));
    }
    reconcile();
  }

  /** A compare did not hold: the key is not as it was known. Nothing was changed. */
  void onConflict(long revision, Optional<KeyValue> kv) {
    mayReclaim = false;
    if (land()) {
      if (known != null && revision < known.revision()) {
        known = null;
      } else {
        learn(revision, kv);
      }
    }
    reconcile();
  }

  void onDeleted(long revision) {
    if (land()) {
      learn(revision, Optional.empty());
    }
    reconcile();
  }

  /** An event of the watch. */
  void onEvent(long revision, Optional<KeyValue> kv) {
    watchedThrough = Math.max(watchedThrough, revision);
    if (known != null && revision > known.revision()) {
      learn(revision, kv);
      if (kv.isEmpty() && state == State.CONFLICT) {
        stopWaiting();
      }
      reconcile();
    }
  }

  void onWatchCanceled(EtcdException cause) {
    watching = false;
    if (cause.kind() == EtcdException.Kind.COMPACTED) {
      known = null;
      reconcile();
    } else if (!waiting) {
      watchPaused = true;
      effects.startTimer(
          cause.kind() == EtcdException.Kind.UNAVAILABLE
              ? settings.backoff().next()
              : Jitter.around(settings.retry().retryDelay(), settings.random()));
    }
  }

  private void learn(long revision, Optional<KeyValue> kv) {
    if (known == null) {
      watchedThrough = revision;
      watching = false;
    } else if (revision < known.revision()) {
      return;
    }
    boolean unchanged =
        known != null && kv.isPresent() && kv.get().modRevision() == known.modRevision();
    known = new Known(revision, kv);
    leaseInEtcd = kv.map(KeyValue::lease).filter(settings.isOurLease()::test).orElse(0L);
    if (state == State.REGISTERED && !closing && !unchanged) {
      tellIfDisturbed(kv);
    }
  }

  private void tellIfDisturbed(Optional<KeyValue> kv) {
    if (kv.isEmpty()) {
      step(State.RETRYING, Reason.KEY_DELETED, "the key was deleted; put again");
    } else if (leaseInEtcd != 0 && !kv.get().value().equals(flyingValue)) {
      step(State.RETRYING, Reason.MODIFIED, "somebody changed the value; put right");
    }
  }

  // Failures.

  void onFailed(EtcdException cause) {
    if (state == State.CLOSED) {
      return;
    }
    Flight failed = flight;
    land();
    if (failed == Flight.PUT && cause.kind() == EtcdException.Kind.UNAVAILABLE) {
      leaseOfUnknownPut = flyingLease;
      if (known == null || known.modRevision() == flyingExpectation) {
        leaseInEtcd = flyingLease;
      }
      mayTakeOver = false;
    }
    switch (cause.kind()) {
      case LEASE_NOT_FOUND -> {
        if (lease == flyingLease) {
          lease = 0;
        }
        effects.leaseNotFound(flyingLease);
        reconcile();
      }
      case UNAVAILABLE -> {
        tellUnreachable(cause);
        if (!countIfGivingUp(cause)) {
          waitFor(settings.backoff().next());
        }
      }
      case CLOSED -> {}
      default -> {
        if (closing) {
          if (failed == Flight.DELETE) {
            // The key may not be deleted; moving everybody else to another lease ends it too.
            leaseOfUnknownPut = flyingLease;
            leaseInEtcd = 0;
          }
          reconcile();
        } else if (paused && failed == Flight.PUT) {
          reconcile();
        } else if (cause.kind() == EtcdException.Kind.DENIED && failed == Flight.PUT && !ownLease) {
          ownLease = true;
          lease = 0;
          effects.moveToOwnLease();
        } else if (refusedInFlight) {
          effects.problem(cause); // with the lease, which was counted
        } else {
          refuse(cause);
        }
      }
    }
  }

  /** A conflict stays the problem until it is known to be over. */
  private void tellUnreachable(EtcdException cause) {
    if (!closing && !paused && state != State.CONFLICT) {
      effects.problem(cause);
    }
  }

  private boolean countIfGivingUp(EtcdException cause) {
    if (!settings.retry().giveUp() || closing || paused) {
      return false;
    }
    refuse(cause);
    return true;
  }

  /**
   * An answered no: repeated at a pace, counted, and told as failed when there were too many in a
   * row. While paused it can only be that the key may not be deleted, which is tried for as long as
   * it takes.
   */
  private void refuse(EtcdException cause) {
    effects.problem(cause);
    if (paused) {
      waitFor(Jitter.around(settings.retry().retryDelay(), settings.random()));
      return;
    }
    refusals++;
    int limit = settings.retry().maxAttemptTimes();
    boolean failed = limit > 0 && refusals >= limit;
    if (failed && state != State.FAILED) {
      step(State.FAILED, Reason.REFUSED, "refused " + refusals + " times: " + cause.getMessage());
    } else if (!failed && state != State.RETRYING) {
      step(State.RETRYING, Reason.REFUSED, "refused: " + cause.getMessage());
    }
    Duration pause = settings.retry().retryDelay();
    if (failed) {
      Duration observe = settings.retry().observeDelay();
      pause = observe.compareTo(SLOW_PACE) > 0 ? observe : SLOW_PACE;
    }
    givenUp = failed && settings.retry().giveUp();
    if (givenUp) {
      effects.cancelTimer();
    } else {
      waitFor(Jitter.around(pause, settings.random()));
    }
  }

  private void waitFor(Duration pause) {
    waiting = true;
    waitingToReclaim = false;
    effects.startTimer(pause);
  }

  private void stopWaiting() {
    if (waiting || watchPaused) {
      waiting = false;
      waitingToReclaim = false;
      watchPaused = false;
      effects.cancelTimer();
    }
  }

  void onTimer() {
    waiting = false;
    watchPaused = false;
    mayReclaim = waitingToReclaim;
    waitingToReclaim = false;
    reconcile();
  }

  void onFenced() {
    if (fencing) {
      fencing = false;
      finish("deregistered");
    }
  }

  // The one place that decides.

  private void reconcile() {
    if (state == State.CLOSED || flight != Flight.NONE || waiting || fencing) {
      return;
    }
    if (closing) {
      reconcileClosing();
    } else if (givenUp && !paused) {
      return;
    } else if (known == null || !connected) {
      readIfConnected();
    } else {
      keepWatching();
      if (paused) {
        deleteIfOurs();
      } else {
        reconcilePresent(known);
      }
    }
  }

  private void readIfConnected() {
    if (connected) {
      fly(Flight.READ);
      effects.read();
    } else if (paused) {
      deleteIfOurs();
    }
  }

  private void reconcilePresent(Known present) {
    Optional<KeyValue> kv = present.kv();
    if (lease == 0 || leaseDoubtful) {
      return;
    }
    if (isAsWanted(kv)) {
      becomeRegistered();
    } else if (mayWrite(kv)) {
      tookOver = isForeign();
      takingOver = tookOver && mayTakeOver ? present.modRevision() : takingOver;
      mayReclaim = false;
      flyingValue = value;
      flyingLease = lease;
      flyingExpectation = present.modRevision();
      hasPut = true;
      fly(Flight.PUT);
      effects.put(value, lease, present.modRevision(), present.lease());
    } else {
      becomeConflict(kv.get());
    }
  }

  private void keepWatching() {
    if (!watching && !watchPaused) {
      watching = true;
      effects.watch(watchedThrough + 1);
    }
  }

  private boolean isAsWanted(Optional<KeyValue> kv) {
    return kv.isPresent() && kv.get().lease() == lease && kv.get().value().equals(value);
  }

  private boolean mayWrite(Optional<KeyValue> kv) {
    return kv.isEmpty()
        || settings.isOurLease().test(kv.get().lease())
        || mayTakeOver
        || kv.get().modRevision() == takingOver
        || (mayReclaim && policyAllows(kv.get()));
  }

  /** Whether a key of somebody else's may be taken back, once in each time to live. */
  private boolean policyAllows(KeyValue foreign) {
    return switch (settings.conflictPolicy()) {
      case WAIT -> false;
      case ADOPT -> foreign.lease() == 0;
      case RECLAIM -> true;
    };
  }

  private void becomeRegistered() {
    mayTakeOver = false;
    mayReclaim = false;
    refusals = 0;
    effects.problem(null);
    if (state != State.REGISTERED) {
      step(
          State.REGISTERED,
          tookOver ? Reason.TOOK_OVER : Reason.WRITTEN,
          tookOver ? "registered, in the place of an older process at this address" : "registered");
      tookOver = false;
    }
  }

  private void becomeConflict(KeyValue kv) {
    if (state != State.CONFLICT) {
      step(
          State.CONFLICT,
          Reason.FOREIGN_OWNER,
          kv.lease() == 0
              ? "the key was overwritten without a lease and stays until somebody deletes it"
              : "the key belongs to another process, with lease " + Long.toHexString(kv.lease()));
    }
    if (policyAllows(kv)) {
      waitFor(leaseTtl);
      waitingToReclaim = true;
    }
  }

  /**
   * A key of ours that comes back later, by a put of unknown outcome, is seen by the watch and
   * deleted again.
   */
  private void deleteIfOurs() {
    if (leaseInEtcd != 0) {
      flyingLease = leaseInEtcd;
      fly(Flight.DELETE);
      effects.delete(leaseInEtcd);
    }
  }

  /**
   * No key of ours, and none that comes back. Tried without a connection too: it may be there all
   * the same.
   */
  private void reconcileClosing() {
    if (leaseInEtcd != 0) {
      deleteIfOurs();
    } else if (leaseOfUnknownPut != 0) {
      fencing = true;
      effects.leaveLease();
      effects.fence(leaseOfUnknownPut);
    } else {
      effects.leaveLease();
      finish("deregistered");
    }
  }

  private void finish(String message) {
    effects.unwatch();
    effects.cancelTimer();
    step(State.CLOSED, Reason.REQUESTED, message);
  }

  private void fly(Flight next) {
    flight = next;
    flightOutdated = false;
    refusedInFlight = false;
  }

  /** Ends the request under way; false if its answer is from before a new incarnation of etcd. */
  private boolean land() {
    flight = Flight.NONE;
    boolean current = !flightOutdated;
    flightOutdated = false;
    return current;
  }

  private void step(State next, Reason reason, String message) {
    state = next;
    effects.step(next, reason, message);
  }
}
