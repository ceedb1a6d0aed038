package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Weighted turns without a cycle, for weights whose cycle would be too long to keep.
 *
 * <p>The instances divide a circle in proportion to their weights, and each pick goes on round it
 * by the golden ratio. No other step spreads its points more evenly: among any N picks in a row,
 * the picks of an instance differ from their ideal number by at most 3 + 3.6 ln N (Kuipers and
 * Niederreiter, Uniform Distribution of Sequences, chapter 2, theorem 3.4; in tests by less than 5
 * among a million), and so the relative error vanishes.
 *
 * <p>The circle has 2^64 points, so a multiplication that overflows is a rotation. A table says
 * where to begin to look for the instance at a point: a pick takes O(1) on the average, and O(log
 * n) where many tiny weights meet a huge one.
 */
final class GoldenRotation implements Picker {

  /** 2^64 divided by the golden ratio, made odd so that all points are visited. */
  private static final long STEP = 0x9e37_79b9_7f4a_7c15L;

  private final Instance[] instances;

  /**
   * Where on the circle each instance ends, unsigned and exclusive; the last ends where the first
   * begins.
   */
  private final long[] ends;

  /**
   * Which instance each of equal parts of the circle begins in; one entry more, for the last part's
   * end.
   */
  private final int[] firsts;

  private final int shift;
  private final AtomicLong turn;

  /** Takes at least two instances whose weights are above 0. */
  GoldenRotation(List<Instance> instances, long start) {
    this.instances = instances.toArray(new Instance[0]);
    this.ends = ends(instances);
    this.shift = Integer.numberOfLeadingZeros(instances.size()) + 31;
    this.firsts = firsts(ends, shift);
    this.turn = new AtomicLong(start);
  }

  @Override
  public Instance pick() {
    return instances[indexAt(turn.getAndIncrement() * STEP)];
  }

  /** The first instance that ends after {@code point}. */
  private int indexAt(long point) {
    int part = (int) (point >>> shift);
    int low = firsts[part];
    int high = firsts[part + 1];
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(point, ends[middle]) < 0) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private static long[] ends(List<Instance> instances) {
    long sum = instances.stream().mapToLong(Instance::weight).sum();
    long[] ends = new long[instances.size()];
    long weight = 0;
    for (int i = 0; i < ends.length - 1; i++) {
      weight += instances.get(i).weight();
      ends[i] = pointAt(weight, sum);
    }
    ends[ends.length - 1] = -1;
    return ends;
  }

  /**
   * 2^64 * weight / sum, eight bits at a time: exact for sums below 2^55, that is, 2^24 instances.
   */
  private static long pointAt(long weight, long sum) {
    long point = 0;
    long rest = weight;
    for (int i = 0; i < Long.BYTES; i++) {
      rest <<= Byte.SIZE;
      point = point << Byte.SIZE | rest / sum;
      rest %= sum;
    }
    return point;
  }

  private static int[] firsts(long[] ends, int shift) {
    int parts = 1 << (Long.SIZE - shift);
    int[] firsts = new int[parts + 1];
    Arrays.fill(firsts, ends.length - 1);
    int instance = 0;
    for (int part = 0; part < parts; part++) {
      while (instance < ends.length - 1
          && Long.compareUnsigned(ends[instance], (long) part << shift) <= 0) {
        instance++;
      }
      firsts[part] = instance;
    }
    return firsts;
  }
}
