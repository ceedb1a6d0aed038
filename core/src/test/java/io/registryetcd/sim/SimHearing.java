package io.registryetcd.sim;

import io.registryetcd.etcd.Header;

/**
 * What a client has been told of revisions and terms, and whether that lets it notice that etcd
 * began another life. A life whose revision and term are not below the old ones is not to be told
 * apart, but by listing.
 */
public final class SimHearing {

  private static final long NEVER = Long.MIN_VALUE / 2;

  private final VirtualScheduler scheduler;
  private int life = 1;
  private long highestRevision;
  private long highestTerm;
  private long misledAt = NEVER;
  private boolean missedLife;

  SimHearing(VirtualScheduler scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * A header of a life of etcd; only a read that was asked for after all that was heard before
   * proves a fall.
   */
  void heard(Header header, int headersLife, boolean linearizable) {
    if (headersLife == life) {
      highestRevision = Math.max(highestRevision, header.revision());
      highestTerm = Math.max(highestTerm, header.raftTerm());
    } else if (headersLife > life) {
      boolean fell = header.revision() < highestRevision || header.raftTerm() < highestTerm;
      if (!fell) {
        mislead();
      }
      if (linearizable || !fell) {
        missedLife = !fell;
        life = headersLife;
        highestRevision = header.revision();
        highestTerm = header.raftTerm();
      }
    }
  }

  /** Something was hidden from it, that only a list can show. */
  public void mislead() {
    misledAt = scheduler.now();
  }

  /** Whether it could not notice that the present life is another one than the life before. */
  public boolean missedLife() {
    return missedLife;
  }

  /** Whether something was hidden from it within this time before now. */
  public boolean wasMisledWithin(long nanos) {
    return scheduler.now() - misledAt <= nanos;
  }
}
