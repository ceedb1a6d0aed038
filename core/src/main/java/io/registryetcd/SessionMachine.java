package io.registryetcd;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.Header;
import java.time.Duration;

/**
 * Decides when to connect, and whether the etcd that answers is still the one that was known.
 *
 * <p>A wiped etcd has the same cluster and member ids as before, and a watch resumed at a revision
 * of its old life stays silent for ever. What tells is that the revision (or the raft term) fell.
 * But a lagging member answers with a lower revision too. Hence a fall is only a suspicion, and one
 * linearizable read, the probe, decides: it cannot be older than anything that was seen before it
 * was sent. The same probe is made once after each reconnect, for the whole session, so that
 * watches need not list again.
 *
 * <p>No clock, no thread, no I/O: each method is an event, each method of {@link Effects} an
 * effect.
 */
final class SessionMachine {

  /** Whether what was known before still holds. */
  enum Continuity {
    /** The same history: watches resume where they were. */
    SAME,
    /** The probe was refused, so nobody knows: everything is read again. */
    DOUBTFUL,
    /** Another history: nothing that was known holds. */
    NEW
  }

  /** What the driver carries out. */
  interface Effects {

    /**
     * Reads linearizably, and reports by {@link #onProbed}, {@link #onProbeFailed} or {@link
     * #onProbeRefused} with the same number.
     */
    void probe(int number);

    void openWatches();

    void closeWatches();

    /** Calls {@link #onTimer} after a pause, in the place of an earlier timer. */
    void startTimer(Duration delay);

    void connected(Continuity continuity);

    void disconnected(EtcdException cause);
  }

  /** How long a connection must have lived for the backoff to begin anew. */
  private static final Duration STABLE = Duration.ofSeconds(10);

  private enum Phase {
    IDLE,
    PROBING,
    CONNECTED,
    WAITING
  }

  private final Effects effects;
  private final Backoff backoff;

  private Phase phase = Phase.IDLE;
  private int probes;
  private boolean probing;
  private int incarnation;
  private long clusterId;
  private long revision;
  private long term;
  private long revisionBeforeProbe;
  private long termBeforeProbe;

  SessionMachine(Effects effects, Backoff backoff) {
    this.effects = effects;
    this.backoff = backoff;
  }

  /**
   * A number that changes with each incarnation of etcd; what was asked in an earlier one is not
   * believed.
   */
  int incarnation() {
    return incarnation;
  }

  boolean isConnected() {
    return phase == Phase.CONNECTED;
  }

  /** Something wants to be watched. */
  void start() {
    if (phase == Phase.IDLE) {
      connect();
    }
  }

  /** Nothing is watched any more. */
  void stop() {
    phase = Phase.IDLE;
    probing = false;
    effects.closeWatches();
  }

  /** Somebody would like an attempt now. */
  void nudge() {
    if (phase == Phase.WAITING) {
      connect();
    }
  }

  void onTimer() {
    if (phase == Phase.WAITING) {
      connect();
    } else if (phase == Phase.CONNECTED) {
      backoff.reset();
    }
  }

  private void connect() {
    phase = Phase.PROBING;
    probe();
  }

  /**
   * A later probe takes the place of an earlier one, whose answer may be from before the connection
   * ended.
   */
  private void probe() {
    probing = true;
    revisionBeforeProbe = revision;
    termBeforeProbe = term;
    effects.probe(++probes);
  }

  void onProbed(int number, Header header) {
    if (!isAwaited(number)) {
      return;
    }
    boolean same =
        (clusterId == 0 || header.clusterId() == clusterId)
            && header.revision() >= revisionBeforeProbe
            && header.raftTerm() >= termBeforeProbe;
    if (same) {
      saw(header);
    } else {
      incarnation++;
      clusterId = header.clusterId();
      revision = header.revision();
      term = header.raftTerm();
    }
    boolean wasConnected = phase == Phase.CONNECTED;
    if (wasConnected && same) {
      return;
    }
    if (wasConnected) {
      effects.closeWatches();
    }
    becomeConnected(same ? Continuity.SAME : Continuity.NEW);
  }

  /**
   * etcd answered, but not with what was asked: it is there, and each caller will get its own
   * answer.
   */
  void onProbeRefused(int number) {
    if (isAwaited(number) && phase == Phase.PROBING) {
      becomeConnected(Continuity.DOUBTFUL);
    }
  }

  void onProbeFailed(int number, EtcdException cause) {
    if (isAwaited(number) && phase == Phase.PROBING) {
      waitAfter(cause);
    }
  }

  private boolean isAwaited(int number) {
    boolean awaited = probing && number == probes;
    probing &= !awaited;
    return awaited;
  }

  private void becomeConnected(Continuity continuity) {
    phase = Phase.CONNECTED;
    effects.openWatches();
    effects.startTimer(STABLE);
    effects.connected(continuity);
  }

  void onWatchesEnded(EtcdException cause) {
    if (phase == Phase.CONNECTED) {
      waitAfter(cause);
    }
  }

  private void waitAfter(EtcdException cause) {
    phase = Phase.WAITING;
    probing = false;
    effects.startTimer(backoff.next());
    effects.disconnected(cause);
  }

  /**
   * A header of any response but a cancel, whose header may be of revision 0.
   *
   * @param askedIn the incarnation in which the request was sent
   */
  void onHeader(Header header, int askedIn) {
    if (askedIn != incarnation) {
      return;
    }
    if (clusterId != 0
        && (header.clusterId() != clusterId
            || header.revision() < revision
            || header.raftTerm() < term)) {
      suspect();
    } else {
      saw(header);
    }
  }

  private void suspect() {
    if (phase == Phase.CONNECTED && !probing) {
      probe();
    }
  }

  private void saw(Header header) {
    clusterId = header.clusterId();
    revision = Math.max(revision, header.revision());
    term = Math.max(term, header.raftTerm());
  }
}
