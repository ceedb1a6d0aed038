package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The order of one cycle of weighted turns, as even as it can be.
 *
 * <p>Each turn goes to the instance with the earliest deadline among those that are due. With n
 * instances, a turn is due when the ideal share is 1/(2n-2) above the turns had, and its deadline
 * is when the share is 1 - 1/(2n-2) above them. Tijdeman proved (The chairman assignment problem,
 * 1980) that then no instance is ever further than 1 - 1/(2n-2) turns from its ideal share, counted
 * from the beginning, and that this is the best bound there is. So in any stretch of turns it is
 * less than 2 off, and after the whole cycle exact.
 *
 * <p>Takes O(log n) for each slot. All arithmetic is exact: with at most 2^16 slots no product
 * exceeds 2^50.
 */
final class SmoothCycle {

  private SmoothCycle() {}

  /**
   * The slots for at least two instances, whose weights are above 0 and multiples of {@code
   * divisor}.
   */
  static Instance[] of(List<Instance> instances, int divisor) {
    int slots = instances.stream().mapToInt(i -> i.weight() / divisor).sum();
    long fineness = 2L * instances.size() - 2;
    Share[] dueAt = new Share[slots + 1];
    for (Instance instance : instances) {
      new Share(instance, instance.weight() / divisor, fineness).addTo(dueAt, 1);
    }
    Instance[] cycle = new Instance[slots];
    var due = new PriorityQueue<Share>(instances.size());
    for (int slot = 1; slot <= slots; slot++) {
      for (Share share = dueAt[slot]; share != null; share = share.next) {
        due.add(share);
      }
      Share first = due.remove();
      cycle[slot - 1] = first.instance;
      first.turns++;
      first.addTo(dueAt, slot + 1);
    }
    return cycle;
  }

  /** One instance and how many turns it has had. */
  private static final class Share implements Comparable<Share> {

    private final Instance instance;
    private final long weight;
    private final long fineness;
    private long turns;
    private @Nullable Share next;

    Share(Instance instance, long weight, long fineness) {
      this.instance = instance;
      this.weight = weight;
      this.fineness = fineness;
    }

    /**
     * Lists this share under the slot, counted from 1, where its next turn is due, if that is in
     * the cycle.
     */
    void addTo(Share[] dueAt, int earliest) {
      int slots = dueAt.length - 1;
      long due = ceilDiv(slots * (turns * fineness + 1), weight * fineness);
      int slot = (int) Math.max(earliest, due);
      if (slot <= slots) {
        next = dueAt[slot];
        dueAt[slot] = this;
      }
    }

    @Override
    public int compareTo(Share other) {
      return Long.compare(
          (fineness * turns + fineness - 1) * other.weight,
          (fineness * other.turns + fineness - 1) * weight);
    }

    private static long ceilDiv(long dividend, long divisor) {
      return (dividend + divisor - 1) / divisor;
    }
  }
}
