package io.registryetcd;

import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.WatchEvent;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Follows what etcd holds under a range: lists it at a revision, watches it from the revision after
 * that.
 *
 * <p>The revision up to which everything was applied is the only memory. Only a list or a delivered
 * event moves it, never a header, which may run ahead of the events. After a reconnect to the same
 * history the watch resumes behind it, without a list; events up to it are dropped, so nothing is
 * lost or applied twice. A list is made only where the watch cannot tell: at the start, for a new
 * incarnation of etcd, after a compaction, in doubt, and now and then against the unforeseen.
 *
 * <p>No clock, no thread, no I/O: each method is an event, each method of {@link Effects} an
 * effect.
 */
final class ViewMachine {

  /** What the driver carries out. */
  interface Effects {

    /** Reads the range: {@link #onListed} or {@link #onListFailed} with the same number. */
    void list(int number);

    /** Watches the range from a revision on, in the place of an earlier watch. */
    void watch(long startRevision);

    /** Calls {@link #onTimer} after a pause, in the place of an earlier timer. */
    void startTimer(Duration delay);

    /**
     * The range holds exactly this. In a new incarnation of etcd, what is missing has not been
     * removed by anybody.
     */
    void replaced(long revision, List<KeyValue> kvs, boolean newIncarnation);

    /** These events come next; the last of them is of this revision. */
    void changed(long revision, List<WatchEvent> events);

    /** etcd is watched. */
    void live();

    /** etcd is not watched, because it is away, or refuses. */
    void stale(EtcdException cause);
  }

  /** How often a regular list is repeated that events have overtaken. */
  private static final int MOST_REPETITIONS = 3;

  private final Effects effects;
  private final Backoff backoff;
  private final Duration retryDelay;
  private final RandomGenerator random;

  private boolean connected;
  private boolean waiting;
  private boolean listNeeded = true;
  private boolean newIncarnation;
  private boolean listing;
  private int repetitions;
  private int lists;
  private boolean watching;
  private long appliedThrough;

  /** Why nothing is watched; null while it is, and before anything has failed. */
  private @Nullable EtcdException away;

  ViewMachine(Effects effects, Backoff backoff, Duration retryDelay, RandomGenerator random) {
    this.effects = effects;
    this.backoff = backoff;
    this.retryDelay = retryDelay;
    this.random = random;
  }

  void onConnected(Continuity continuity) {
    connected = true;
    watching = false;
    waiting = false;
    if (continuity != Continuity.SAME) {
      forgetList();
      listNeeded = true;
      newIncarnation |= continuity == Continuity.NEW && appliedThrough > 0;
    }
    proceed();
  }

  void onDisconnected(EtcdException cause) {
    connected = false;
    watching = false;
    tellStale(cause);
  }

  /** Nothing is asked for any more, and no answer is taken. */
  void end() {
    connected = false;
    forgetList();
  }

  private void tellStale(EtcdException cause) {
    away = cause;
    effects.stale(cause);
  }

  /** The regular list against what no watch shows. */
  void check() {
    if (connected && watching && !listing) {
      repetitions = MOST_REPETITIONS;
      list();
    }
  }

  void onTimer() {
    waiting = false;
    proceed();
  }

  private void proceed() {
    if (!connected || waiting) {
      return;
    }
    if (listNeeded) {
      if (!listing) {
        list();
      }
    } else if (!watching) {
      watching = true;
      effects.watch(appliedThrough + 1);
    }
  }

  private void list() {
    listing = true;
    effects.list(++lists);
  }

  /** An answer that was asked for in another incarnation is not believed. */
  private void forgetList() {
    listing = false;
    lists++;
  }

  void onListed(int number, long revision, List<KeyValue> kvs) {
    if (!listing || number != lists) {
      return;
    }
    listing = false;
    if (listNeeded || revision >= appliedThrough) {
      boolean fell = revision < appliedThrough;
      appliedThrough = revision;
      effects.replaced(revision, kvs, newIncarnation || fell);
      newIncarnation = false;
      listNeeded = false;
      backoff.reset();
    } else if (watching && repetitions > 0) {
      // overtaken by events, so it cannot be compared with what is known
      repetitions--;
      list();
    }
    proceed();
    if (!watching && away != null) {
      // an answer that came late: it is the newest state, but nobody watches it
      effects.stale(away);
    }
  }

  void onListFailed(int number, EtcdException cause) {
    if (!listing || number != lists) {
      return;
    }
    listing = false;
    if (listNeeded) {
      tellStale(cause);
      pause(cause);
    }
  }

  void onWatchCreated() {
    if (watching) {
      away = null;
      effects.live();
    }
  }

  void onEvents(List<WatchEvent> events) {
    List<WatchEvent> fresh =
        events.stream().filter(event -> event.modRevision() > appliedThrough).toList();
    if (!fresh.isEmpty() && !listNeeded) {
      appliedThrough = fresh.get(fresh.size() - 1).modRevision();
      effects.changed(appliedThrough, fresh);
    }
  }

  void onWatchCanceled(EtcdException cause) {
    watching = false;
    if (cause.kind() == EtcdException.Kind.COMPACTED) {
      listNeeded = true;
      proceed();
    } else {
      tellStale(cause);
      pause(cause);
    }
  }

  /** An outage is waited for with a growing pause, a refusal is asked again at a steady pace. */
  private void pause(EtcdException cause) {
    waiting = true;
    effects.startTimer(
        cause.kind() == EtcdException.Kind.UNAVAILABLE
            ? backoff.next()
            : Jitter.around(retryDelay, random));
  }
}
