package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * Weighted round robin whose picks of one instance are spread evenly instead of coming in bursts:
 * what nginx's smooth weighted round robin is for, and gRPC's weighted round robin (gRFC A58).
 *
 * <p>The weights are divided by their greatest common divisor. If their sum is then at most {@link
 * #MAX_CYCLE}, a whole cycle is worked out at once, see {@link SmoothCycle}: every instance has
 * exactly its share of each cycle, and counted from the beginning of a cycle is never a whole pick
 * ahead or behind. Above that limit see {@link GoldenRotation}. Instances of equal weight take
 * plain turns, however many they are.
 *
 * <p>An instance whose weight is not above 0 is not picked, unless that is so for all: then all
 * take equal turns. Each picker begins at a random place, so that many clients do not all call the
 * same instance first.
 */
final class SmoothWeightedRoundRobin implements LoadBalancer {

  static final SmoothWeightedRoundRobin INSTANCE =
      new SmoothWeightedRoundRobin(() -> ThreadLocalRandom.current().nextLong());

  /** The most slots of a cycle, which take 256 KiB. */
  static final int MAX_CYCLE = 1 << 16;

  private final LongSupplier starts;

  private SmoothWeightedRoundRobin(LongSupplier starts) {
    this.starts = starts;
  }

  static SmoothWeightedRoundRobin seeded(long seed) {
    return new SmoothWeightedRoundRobin(new Random(seed)::nextLong);
  }

  @Override
  public Picker picker(List<Instance> instances) {
    List<Instance> weighted = instances.stream().filter(i -> i.weight() > 0).toList();
    if (weighted.stream().mapToInt(Instance::weight).distinct().limit(2).count() < 2) {
      return turns(weighted.isEmpty() ? instances : weighted);
    }
    long divisor = 0;
    long sum = 0;
    for (Instance instance : weighted) {
      divisor = gcd(instance.weight(), divisor);
      sum += instance.weight();
    }
    return sum / divisor <= MAX_CYCLE
        ? new Rotation(SmoothCycle.of(weighted, (int) divisor), starts.getAsLong())
        : new GoldenRotation(weighted, starts.getAsLong());
  }

  private Picker turns(List<Instance> instances) {
    return instances.isEmpty()
        ? EmptyPicker.INSTANCE
        : new Rotation(instances.toArray(new Instance[0]), starts.getAsLong());
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
