package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.sim.QuietLogs;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The engine under thousands of random scenarios of faults.
 *
 * <p>{@code -Dsim.seeds=100000} runs more seeds, {@code -Dsim.from=10001} others, {@code
 * -Dsim.seed=7} one with its whole trace.
 */
class SimulationTest {

  private static final int SEEDS = 10_000;
  private static final int TRACE_LINES = 150;

  /** A seed that does not hold. */
  private record Broken(long seed, Throwable failure) {}

  /** Virtual time and bounded work: it cannot hang, but takes what the machine makes of it. */
  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void everyPropertyHoldsForEverySeed() {
    Long one = Long.getLong("sim.seed");
    if (one != null) {
      showAndRun(one);
      return;
    }
    long from = Long.getLong("sim.from", 1L);
    QuietLogs quiet = new QuietLogs();
    List<Broken> broken =
        LongStream.range(from, from + Long.getLong("sim.seeds", SEEDS))
            .parallel()
            .mapToObj(SimulationTest::run)
            .flatMap(Optional::stream)
            .toList();
    String report = broken.isEmpty() ? "" : describe(broken);
    quiet.close();
    assertThat(broken.size()).as(report).isZero();
  }

  @Test
  void aSeedIsARun() {
    QuietLogs quiet = new QuietLogs();
    List<String> once = Simulation.trace(4, UnaryOperator.identity(), TRACE_LINES);
    List<String> again = Simulation.trace(4, UnaryOperator.identity(), TRACE_LINES);
    quiet.close();
    assertThat(again).isEqualTo(once).hasSize(TRACE_LINES);
  }

  private static Optional<Broken> run(long seed) {
    try {
      Simulation.run(seed);
      return Optional.empty();
    } catch (RuntimeException | AssertionError e) {
      return Optional.of(new Broken(seed, e));
    }
  }

  private static void showAndRun(long seed) {
    Simulation.trace(seed, UnaryOperator.identity(), Integer.MAX_VALUE)
        .forEach(System.out::println);
    Simulation.run(seed);
  }

  private static String describe(List<Broken> broken) {
    StringBuilder text = new StringBuilder();
    text.append(broken.size()).append(" seeds do not hold, the first of them:\n");
    broken.stream()
        .limit(10)
        .forEach(b -> text.append(b.seed()).append(": ").append(b.failure()).append('\n'));
    long first = broken.get(0).seed();
    text.append("\nThe end of seed ").append(first).append(":\n");
    Simulation.trace(first, UnaryOperator.identity(), TRACE_LINES)
        .forEach(line -> text.append(line).append('\n'));
    text.append(
        "\nThe whole of it: mvn -B -pl core -am test -Dsurefire.failIfNoSpecifiedTests=false");
    text.append(" -Dtest=SimulationTest -Dsim.seed=").append(first).append('\n');
    return text.toString();
  }
}
