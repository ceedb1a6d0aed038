package io.registryetcd.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.registryetcd.Simulation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation finds bugs: each one that is planted, within the seeds that every build runs. */
class PlantedBugsTest {

  private static final long SEEDS = 3_000;
  private static final int CHUNK = 16;

  private final QuietLogs quiet = new QuietLogs();

  @AfterEach
  void speakAgain() {
    quiet.close();
  }

  @ParameterizedTest
  @EnumSource
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    Optional<Found> found = search(bug);

    assertThat(found).as("seed that finds %s", bug).isPresent();
    long seed = found.get().seed();
    quiet.out().println(bug + " is found by seed " + found.get());
    assertThatCode(() -> Simulation.run(seed)).doesNotThrowAnyException();
  }

  private static Optional<Found> search(PlantedBug bug) throws ReflectiveOperationException {
    Method run = method(bug);
    for (long from = 1; from <= SEEDS; from += CHUNK) {
      Optional<Found> found =
          LongStream.range(from, from + CHUNK)
              .parallel()
              .mapToObj(seed -> find(run, bug, seed))
              .flatMap(Optional::stream)
              .findFirst();
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static Method method(PlantedBug bug) throws ReflectiveOperationException {
    Class<?> bugs =
        bug.patches().isEmpty()
            ? PlantedBug.class
            : new PatchedEngine(bug.patches()).loadClass(PlantedBug.class.getName());
    return bugs.getMethod("run", String.class, long.class);
  }

  private static Optional<Found> find(Method run, PlantedBug bug, long seed) {
    try {
      run.invoke(null, bug.name(), seed);
      return Optional.empty();
    } catch (InvocationTargetException e) {
      return Optional.of(new Found(seed, e.getCause()));
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /** A contract that is broken by the client, but does no harm. */
  @Test
  void eventsThatAreToldTwiceDoNoHarm() {
    LongStream.rangeClosed(1, 500)
        .parallel()
        .forEach(seed -> Simulation.run(seed, BuggyClients::repeatingEvents));
  }

  private record Found(long seed, @Nullable Throwable failure) {
    @Override
    public String toString() {
      String message = String.valueOf(failure);
      return seed + ": " + message.substring(0, Math.min(160, message.length()));
    }
  }
}
