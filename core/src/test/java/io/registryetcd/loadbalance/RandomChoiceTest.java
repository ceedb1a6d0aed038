package io.registryetcd.loadbalance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.Instance;
import java.util.HashMap;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class RandomChoiceTest {

  @Test
  void anEmptyListHasNothingToPick() {
    assertThatThrownBy(() -> LoadBalancer.random().picker(List.of()).pick())
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("empty list");
  }

  /** Chi-square with 9 degrees of freedom; it exceeds 66.0 once in 10^10 runs. */
  @Test
  void chancesAreEqualWhateverTheWeights() {
    List<Instance> instances =
        SmoothWeightedRoundRobinTest.weighted(1, 2, 3, 4, 5, 100, 1000, 0, -1, 10);
    Picker picker = LoadBalancer.random().picker(instances);
    var counts = new HashMap<Instance, Integer>();
    for (int i = 0; i < 100_000; i++) {
      counts.merge(picker.pick(), 1, Integer::sum);
    }
    assertThat(counts.keySet()).containsExactlyInAnyOrderElementsOf(instances);
    double chiSquare = 0;
    for (int count : counts.values()) {
      chiSquare += Math.pow(count - 10_000.0, 2) / 10_000;
    }
    assertThat(chiSquare).isLessThan(66.0);
  }
}
