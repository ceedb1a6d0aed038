package io.registryetcd;

import io.registryetcd.etcd.EtcdException;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The life of one lease: granted, renewed, and in the end lost or revoked.
 *
 * <p>The id is ours, so a grant whose outcome is unknown is simply repeated, and "already exists"
 * is success. A lease is never given up because its time to live has passed without an answer: etcd
 * may have been away itself, and gives every lease its full time again when it is back. It is lost
 * when etcd says so.
 *
 * <p>No clock, no thread, no I/O: each method is an event, each method of {@link Effects} an
 * effect.
 */
final class LeaseMachine {

  /** What the driver carries out. */
  interface Effects {

    void grant(LeaseMachine lease);

    void keepAlive(LeaseMachine lease);

    void revoke(LeaseMachine lease);

    /** Calls {@link #onTimer} after a pause, in the place of an earlier timer. */
    void startTimer(LeaseMachine lease, Duration delay);

    /** Keys can be put under it. */
    void live(LeaseMachine lease);

    /** No answer for a whole time to live, or an answer after that. */
    void doubtful(LeaseMachine lease, boolean doubtful);

    /** etcd has answered no; it will be asked again. */
    void refused(LeaseMachine lease, EtcdException cause);

    /** It does not exist any more; another one must take its place. */
    void lost(LeaseMachine lease);

    /** It was revoked, and no put under it can succeed any more. */
    void revoked(LeaseMachine lease);
  }

  private enum Phase {
    NEW,
    GRANTING,
    WAITING_TO_GRANT,
    LIVE,
    REVOKING,
    WAITING_TO_REVOKE,
    ENDED
  }

  private final long id;
  private final Duration wantedTtl;
  private final Duration retryDelay;
  private final Effects effects;
  private final Backoff backoff;
  private final RandomGenerator random;

  private Phase phase = Phase.NEW;
  private Duration ttl;
  private boolean releasing;
  private int renewalsWithoutAnswer;
  private boolean doubtful;

  LeaseMachine(
      long id,
      Duration wantedTtl,
      Duration retryDelay,
      Effects effects,
      Backoff backoff,
      RandomGenerator random) {
    this.id = id;
    this.wantedTtl = wantedTtl;
    this.ttl = wantedTtl;
    this.retryDelay = retryDelay;
    this.effects = effects;
    this.backoff = backoff;
    this.random = random;
  }

  long id() {
    return id;
  }

  boolean isLive() {
    return phase == Phase.LIVE;
  }

  boolean hasEnded() {
    return phase == Phase.ENDED;
  }

  /** The time to live as granted. */
  Duration ttl() {
    return ttl;
  }

  /** Asks for the lease after a pause, which spreads those who lost theirs at the same moment. */
  void startAfter(Duration pause) {
    if (pause.isZero()) {
      grant();
    } else {
      phase = Phase.WAITING_TO_GRANT;
      effects.startTimer(this, pause);
    }
  }

  private void grant() {
    phase = Phase.GRANTING;
    effects.grant(this);
  }

  void onGranted(Duration grantedTtl) {
    if (phase != Phase.GRANTING) {
      return;
    }
    ttl = grantedTtl;
    if (releasing) {
      revoke();
      return;
    }
    phase = Phase.LIVE;
    backoff.reset();
    effects.live(this);
    renew();
  }

  void onGrantFailed(EtcdException cause) {
    if (phase != Phase.GRANTING) {
      return;
    }
    if (cause.kind() == EtcdException.Kind.LEASE_EXISTS) {
      onGranted(wantedTtl);
    } else if (releasing) {
      revoke();
    } else {
      phase = Phase.WAITING_TO_GRANT;
      if (cause.kind() == EtcdException.Kind.UNAVAILABLE) {
        effects.startTimer(this, backoff.next());
      } else {
        effects.refused(this, cause);
        effects.startTimer(this, Jitter.around(retryDelay, random));
      }
    }
  }

  /**
   * The stream of keepalives was opened anew: the first goes out at once. The timer goes on, for it
   * counts how long nothing was answered, however often the stream was opened meanwhile.
   */
  void onStreamOpened() {
    if (phase == Phase.LIVE) {
      effects.keepAlive(this);
    }
  }

  private void renew() {
    effects.keepAlive(this);
    effects.startTimer(this, ttl.dividedBy(3));
  }

  void onRenewed(Duration newTtl) {
    if (phase != Phase.LIVE) {
      return;
    }
    if (newTtl.isZero() || newTtl.isNegative()) {
      onLost();
      return;
    }
    ttl = newTtl;
    renewalsWithoutAnswer = 0;
    if (doubtful) {
      doubtful = false;
      effects.doubtful(this, false);
    }
  }

  /** etcd said that there is no such lease: in answer to a keepalive, or to a put under it. */
  void onLost() {
    if (phase == Phase.LIVE) {
      phase = Phase.ENDED;
      effects.lost(this);
    }
  }

  void onTimer() {
    switch (phase) {
      case WAITING_TO_GRANT -> grant();
      case WAITING_TO_REVOKE -> revoke();
      case LIVE -> {
        renewalsWithoutAnswer++;
        if (renewalsWithoutAnswer >= 3 && !doubtful) {
          doubtful = true;
          effects.doubtful(this, true);
        }
        renew();
      }
      default -> {}
    }
  }

  /** Nobody needs it any more. A grant under way is waited for, so that no lease is left behind. */
  void release() {
    releasing = true;
    switch (phase) {
      case NEW -> end();
      case LIVE, WAITING_TO_GRANT -> revoke();
      default -> {}
    }
  }

  private void revoke() {
    phase = Phase.REVOKING;
    effects.revoke(this);
  }

  void onRevoked() {
    if (phase == Phase.REVOKING) {
      end();
    }
  }

  /** A lease that cannot be revoked is no longer renewed, and so ends by itself. */
  void onRevokeFailed(EtcdException cause) {
    if (phase != Phase.REVOKING) {
      return;
    }
    if (cause.kind() == EtcdException.Kind.UNAVAILABLE) {
      phase = Phase.WAITING_TO_REVOKE;
      effects.startTimer(this, backoff.next());
    } else {
      end();
    }
  }

  private void end() {
    phase = Phase.ENDED;
    effects.revoked(this);
  }
}
