package io.registryetcd.loadbalance;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.Instance;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What all pickers promise on the hot path: exact under concurrency, and without allocation. */
class PickerConcurrencyTest {

  private static final int THREADS = 4;

  static Stream<Picker> pickers() {
    return Stream.of(
        picker(LoadBalancer.weightedRoundRobin(), 1, 1, 1),
        picker(LoadBalancer.weightedRoundRobin(), 5, 3, 1),
        picker(LoadBalancer.weightedRoundRobin(), 1_000_003, 999_983, 7),
        picker(LoadBalancer.random(), 5, 3, 1));
  }

  private static Picker picker(LoadBalancer balancer, int... weights) {
    return balancer.picker(SmoothWeightedRoundRobinTest.weighted(weights));
  }

  @Test
  void fourThreadsTogetherGetTheExactShares() throws Exception {
    List<Instance> instances = SmoothWeightedRoundRobinTest.weighted(5, 3, 1, 7);
    Picker picker = LoadBalancer.weightedRoundRobin().picker(instances);
    Callable<Map<Instance, Integer>> caller = () -> counts(picker, 16 * 10_000);
    var total = new HashMap<Instance, Integer>();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (Future<Map<Instance, Integer>> counts :
          threads.invokeAll(List.of(caller, caller, caller, caller))) {
        counts.get().forEach((instance, count) -> total.merge(instance, count, Integer::sum));
      }
    } finally {
      threads.shutdownNow();
    }
    for (Instance instance : instances) {
      assertThat(total).containsEntry(instance, instance.weight() * 10_000 * THREADS);
    }
  }

  private static Map<Instance, Integer> counts(Picker picker, int picks) {
    var counts = new HashMap<Instance, Integer>();
    for (int i = 0; i < picks; i++) {
      counts.merge(picker.pick(), 1, Integer::sum);
    }
    return counts;
  }

  @ParameterizedTest
  @MethodSource("pickers")
  void aMillionPicksAllocateNothing(Picker picker) throws Exception {
    pickMany(picker);
    long before = allocatedBytes();
    int checksum = pickMany(picker);
    long allocated = allocatedBytes() - before;
    assertThat(checksum).isNotZero();
    assertThat(allocated).isLessThan(10_000);
  }

  /** By reflection, because core does not require the modules of the management beans. */
  private static long allocatedBytes() throws ReflectiveOperationException {
    Object threads =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    return (long)
        Class.forName("com.sun.management.ThreadMXBean")
            .getMethod("getCurrentThreadAllocatedBytes")
            .invoke(threads);
  }

  private static int pickMany(Picker picker) {
    int ports = 0;
    for (int i = 0; i < 1_000_000; i++) {
      ports += picker.pick().port();
    }
    return ports;
  }
}
