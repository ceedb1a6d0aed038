package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.Snapshot.Freshness;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ChangeTest {

  private static final Instance A = Instance.of("10.0.0.1", 1).withWeight(1);
  private static final Instance B = Instance.of("10.0.0.2", 1).withWeight(2);
  private static final Instance C = Instance.of("10.0.0.3", 1).withWeight(3);

  private static Snapshot snapshot(List<Instance> instances) {
    return new Snapshot(
        "Hello",
        instances,
        Set.of(),
        1,
        Freshness.LIVE,
        Optional.empty(),
        new ManualLoop(),
        new Snapshot.Emptiness(FakeKeys.RANGE, 0, 0, 0));
  }

  private static Optional<Change> between(List<Instance> before, List<Instance> after) {
    return Change.between(before, snapshot(after));
  }

  /** What somebody holds who applies each change to what was there before. */
  private static void apply(Change change, Map<String, Instance> held) {
    change.removed().forEach(gone -> assertThat(held.remove(gone.address())).isEqualTo(gone));
    change.added().forEach(added -> assertThat(held.put(added.address(), added)).isNull());
    change
        .updated()
        .forEach(
            updated ->
                assertThat(held.put(updated.address(), updated)).isNotNull().isNotEqualTo(updated));
  }

  private static void checkDisjointAndNotEmpty(Change change) {
    List<Instance> all = new ArrayList<>(change.added());
    all.addAll(change.removed());
    all.addAll(change.updated());
    assertThat(all).isNotEmpty();
    assertThat(all.stream().map(Instance::address)).doesNotHaveDuplicates();
  }

  private static List<Instance> someInstances(Random random) {
    TreeMap<String, Instance> some = new TreeMap<>();
    for (int i = random.nextInt(6); i > 0; i--) {
      Instance instance =
          Instance.of("10.0.0." + random.nextInt(6), 1)
              .withWeight(1 + random.nextInt(2))
              .withTag("zone", random.nextBoolean() ? "a" : "b");
      some.put(instance.address(), instance);
    }
    return List.copyOf(some.values());
  }

  @Test
  void aChangeNamesWhatIsNewWhatIsGoneAndWhatIsDifferent() {
    Change change = between(List.of(A, B), List.of(B.withWeight(9), C)).orElseThrow();

    assertThat(change.added()).containsExactly(C);
    assertThat(change.removed()).containsExactly(A);
    assertThat(change.updated()).containsExactly(B.withWeight(9));
    assertThat(change.snapshot().instances()).containsExactly(B.withWeight(9), C);
  }

  @Test
  void aChangedTagIsAnUpdate() {
    Change change = between(List.of(A), List.of(A.withTag("zone", "b"))).orElseThrow();

    assertThat(change.updated()).containsExactly(A.withTag("zone", "b"));
  }

  @Test
  void whatIsTheSameIsNoChange() {
    assertThat(between(List.of(A, B), List.of(A, B))).isEmpty();
    assertThat(between(List.of(), List.of())).isEmpty();
  }

  @Test
  void aChangeKeepsItsListsWhateverHappensToTheGivenOnes() {
    List<Instance> added = new ArrayList<>(List.of(A));
    Change change = new Change(snapshot(List.of(A)), added, List.of(), List.of());

    added.clear();

    assertThat(change.added()).containsExactly(A);
  }

  @Test
  void theFoldOfAllChangesIsTheLastSnapshotHoweverManyAreMergedIntoOne() {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      Map<String, Instance> held = new TreeMap<>();
      List<Instance> told = List.of();
      for (int step = 0; step < 50; step++) {
        List<Instance> now = someInstances(random);
        if (random.nextInt(3) > 0) {
          Optional<Change> change = between(told, now);
          change.ifPresent(
              news -> {
                checkDisjointAndNotEmpty(news);
                apply(news, held);
              });
          assertThat(new HashSet<>(held.values()))
              .as("seed %d", seed)
              .isEqualTo(new HashSet<>(now));
          told = now;
        }
      }
    }
  }
}
