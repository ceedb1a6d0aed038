package io.registryetcd.loadbalance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.Instance;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Property P11 for the default load balancer. */
class SmoothWeightedRoundRobinTest {

  private static final LoadBalancer BALANCER = SmoothWeightedRoundRobin.seeded(1);

  static List<Instance> weighted(int... weights) {
    return IntStream.range(0, weights.length)
        .mapToObj(i -> Instance.of("host" + i, 80).withWeight(weights[i]))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static int[] randomWeights(Random random, int size, int max) {
    return random.ints(size, 1, max + 1).toArray();
  }

  private static Map<Instance, Integer> counts(Picker picker, int picks) {
    var counts = new HashMap<Instance, Integer>();
    for (int i = 0; i < picks; i++) {
      counts.merge(picker.pick(), 1, Integer::sum);
    }
    return counts;
  }

  @Test
  void anEmptyListHasNothingToPick() {
    assertThatThrownBy(() -> BALANCER.picker(List.of()).pick())
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage("no instance to pick: the picker was made for an empty list");
  }

  @Test
  void isTheDefault() {
    assertThat(LoadBalancer.weightedRoundRobin()).isInstanceOf(SmoothWeightedRoundRobin.class);
  }

  @Test
  void spreadsAHeavyInstanceOverTheCycle() {
    Instance[] cycle = SmoothCycle.of(weighted(5, 1, 1), 1);
    String hosts =
        List.of(cycle).stream().map(i -> i.host().substring(4)).reduce("", String::concat);
    assertThat(hosts).isEqualTo("0010200");
  }

  @Test
  void everyCycleHasTheExactShares() {
    for (long seed = 0; seed < 300; seed++) {
      var random = new Random(seed);
      List<Instance> instances = weighted(randomWeights(random, 1 + random.nextInt(20), 50));
      int cycle = instances.stream().mapToInt(Instance::weight).sum();
      Picker picker = SmoothWeightedRoundRobin.seeded(seed).picker(instances);
      for (int round = 0; round < 3; round++) {
        Map<Instance, Integer> counts = counts(picker, cycle);
        for (Instance instance : instances) {
          assertThat(counts).as("seed %s", seed).containsEntry(instance, instance.weight());
        }
      }
    }
  }

  @Test
  void noPrefixOfACycleIsAWholePickOff() {
    for (long seed = 0; seed < 300; seed++) {
      var random = new Random(seed);
      int size = 2 + random.nextInt(12);
      assertSmooth(weighted(randomWeights(random, size, random.nextInt(3) == 0 ? 3 : 60)), seed);
    }
    assertSmooth(weighted(1000, 1, 1, 1, 1), -1);
    assertSmooth(weighted(65_535, 1), -1);
    assertSmooth(weighted(1, 2), -1);
  }

  private static void assertSmooth(List<Instance> instances, long seed) {
    Instance[] cycle = SmoothCycle.of(instances, 1);
    double bound = 1 - 1.0 / (2 * instances.size() - 2) + 1e-9;
    var counts = new IdentityHashMap<Instance, Integer>();
    for (int turns = 1; turns <= cycle.length; turns++) {
      counts.merge(cycle[turns - 1], 1, Integer::sum);
      for (Instance instance : instances) {
        double ideal = (double) turns * instance.weight() / cycle.length;
        double off = Math.abs(counts.getOrDefault(instance, 0) - ideal);
        if (off > bound) {
          throw new AssertionError("seed " + seed + ": " + off + " off after " + turns + " turns");
        }
      }
    }
  }

  @Test
  void weightsAreDividedByWhatTheyHaveInCommon() {
    List<Instance> instances = weighted(2_000_000_000, 1_000_000_000);
    assertThat(counts(BALANCER.picker(instances), 3))
        .containsEntry(instances.get(0), 2)
        .containsEntry(instances.get(1), 1);
  }

  @Test
  void equalWeightsTakePlainTurns() {
    List<Instance> instances = weighted(IntStream.generate(() -> 10).limit(10_000).toArray());
    Picker picker = BALANCER.picker(instances);
    int first = instances.indexOf(picker.pick());
    for (int i = 1; i < 20_000; i++) {
      assertThat(picker.pick()).isSameAs(instances.get((first + i) % 10_000));
    }
  }

  @Test
  void instancesWithoutWeightAreLeftOut() {
    List<Instance> instances = weighted(0, 3, -1, 1);
    assertThat(counts(BALANCER.picker(instances), 400))
        .isEqualTo(Map.of(instances.get(1), 300, instances.get(3), 100));
  }

  @Test
  void onlyInstancesWithoutWeightTakeEqualTurns() {
    List<Instance> instances = weighted(0, -1, Integer.MIN_VALUE);
    assertThat(counts(BALANCER.picker(instances), 300).values()).containsExactly(100, 100, 100);
  }

  @Test
  void pickersBeginAtDifferentInstances() {
    for (List<Instance> instances :
        List.of(
            weighted(1, 1, 1, 1), weighted(4, 3, 2, 1), weighted(1_000_003, 999_983, 7, 70_001))) {
      var firsts = new HashSet<Instance>();
      for (int i = 0; i < 200; i++) {
        firsts.add(LoadBalancer.weightedRoundRobin().picker(instances).pick());
      }
      assertThat(firsts).hasSizeGreaterThan(1);
    }
  }

  @Test
  void laterChangesOfTheListDoNotMatter() {
    for (int[] weights : new int[][] {{1, 1}, {2, 1}, {1_000_003, 999_983}}) {
      List<Instance> instances = weighted(weights);
      Picker picker = BALANCER.picker(instances);
      List<Instance> members = List.copyOf(instances);
      instances.clear();
      assertThat(counts(picker, 100).keySet()).containsExactlyInAnyOrderElementsOf(members);
    }
  }

  @Test
  void weightsWithoutAUsableCycleKeepTheirSharesClosely() {
    for (long seed = 0; seed < 10; seed++) {
      var random = new Random(seed);
      int[] weights = randomWeights(random, 2 + random.nextInt(30), 1_000_000);
      assertEvenlySpread(weighted(weights), SmoothWeightedRoundRobin.seeded(seed), 1_000_000);
    }
    assertEvenlySpread(weighted(Integer.MAX_VALUE, 1, 1), BALANCER, 1_000_000);
    assertEvenlySpread(weighted(Integer.MAX_VALUE, Integer.MAX_VALUE - 1), BALANCER, 1_000_000);
  }

  /** Every stretch of picks, from its beginning, is within 5 picks of every ideal share. */
  private static void assertEvenlySpread(
      List<Instance> instances, LoadBalancer balancer, int picks) {
    Picker picker = balancer.picker(instances);
    assertThat(picker).isInstanceOf(GoldenRotation.class);
    double sum = instances.stream().mapToLong(Instance::weight).sum();
    var index = new IdentityHashMap<Instance, Integer>();
    instances.forEach(instance -> index.put(instance, index.size()));
    int[] counts = new int[instances.size()];
    for (int n = 1; n <= picks; n++) {
      int i = index.getOrDefault(picker.pick(), -1);
      counts[i]++;
      assertThat(Math.abs(counts[i] - n * (instances.get(i).weight() / sum)) < 5).isTrue();
    }
  }

  @Test
  void tenThousandInstancesOfManyWeightsKeepTheirShares() {
    List<Instance> instances = weighted(randomWeights(new Random(7), 10_000, 100));
    Collections.shuffle(instances, new Random(8));
    assertEvenlySpread(instances, BALANCER, 2_000_000);
  }

  @Test
  void aManyThousandfoldWeightDoesNotHideTheOthers() {
    List<Instance> instances = weighted(IntStream.range(0, 1000).map(i -> 1).toArray());
    instances.add(Instance.of("huge", 80).withWeight(99_000));
    Map<Instance, Integer> counts = counts(BALANCER.picker(instances), 1_000_000);
    assertThat(counts).hasSize(1001);
    assertThat(counts.values().stream().filter(count -> count < 1000))
        .allMatch(count -> count >= 8 && count <= 12);
  }
}
