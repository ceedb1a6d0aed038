package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.NoInstanceException.Reason;
import io.registryetcd.Snapshot.Freshness;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Views of a made-up etcd; those that are idle for ten minutes are closed. */
class ViewsTest {

  private static final Instance A = Instance.of("10.0.0.1", 1).withWeight(1);
  private static final Instance B = Instance.of("10.0.0.2", 1).withWeight(2);

  private final FakeEtcdClient etcd = new FakeEtcdClient();
  private final ManualLoop loop = new ManualLoop();
  private final Queue<Runnable> callbacks = new ArrayDeque<>();
  private final EtcdSession session =
      EtcdSession.create(
          EtcdConfig.builder()
              .endpoints("etcd:2379")
              .resolveTimeout(Duration.ofNanos(1))
              .antiEntropyPeriod(Duration.ofDays(1))
              .build(),
          etcd,
          loop,
          new FakeRandom(),
          callbacks::add);
  private final Views views = new Views(session);

  private void runCallbacks() {
    for (Runnable task = callbacks.poll(); task != null; task = callbacks.poll()) {
      task.run();
    }
  }

  private boolean listedAnew() {
    return etcd.taken().stream().anyMatch(call -> call.startsWith("list"));
  }

  private Reason reasonOfFailure() {
    List<Reason> reasons = new ArrayList<>();
    assertThatThrownBy(() -> views.resolve("Hello"))
        .isInstanceOfSatisfying(
            NoInstanceException.class, failure -> reasons.add(failure.reason()));
    return reasons.get(0);
  }

  // Idle views.

  @Test
  void aServiceIsListedOnceHoweverOftenItIsResolved() {
    etcd.put(A);
    ServiceView view = views.open("Hello");
    loop.run();
    view.close();
    assertThat(listedAnew()).isTrue();

    for (int i = 0; i < 100; i++) {
      assertThat(views.resolve("Hello")).containsExactly(A);
    }

    assertThat(listedAnew()).isFalse();
  }

  @Test
  void thatAViewIsReadyIsToldOnceAndThenKnown() {
    etcd.put(A);
    ServiceView view = views.open("Hello");
    loop.run();
    assertThat(view.whenReady()).isNotDone();

    runCallbacks();

    assertThat(view.whenReady()).isCompletedWithValue(view.snapshot());
    assertThat(callbacks).isEmpty();
  }

  @Test
  void aViewThatNobodyUsesIsClosedAndItsWatchEnds() {
    views.open("Hello").close();
    loop.run();
    etcd.taken();

    loop.pass(Duration.ofMinutes(16));

    assertThat(etcd.taken()).contains("close watch stream");
    assertThat(session.subjects()).isZero();
  }

  @Test
  void aViewThatWasOnlyEverResolvedIsClosedTooAndMadeAnewWhenNeeded() {
    etcd.put(A);
    views.open("Hello").close();
    loop.run();
    assertThat(views.resolve("Hello")).containsExactly(A);

    loop.pass(Duration.ofMinutes(16));
    assertThat(session.subjects()).isZero();

    views.open("Hello").close();
    loop.run();
    assertThat(views.resolve("Hello")).containsExactly(A);
  }

  @Test
  void aViewIsNotIdleBeforeItsTime() {
    views.open("Hello").close();
    loop.pass(Duration.ofMinutes(9));

    assertThat(session.subjects()).isEqualTo(1);
  }

  @Test
  void eachUseStartsTheTimeAnew() {
    etcd.put(A);
    views.open("Hello").close();
    for (int i = 0; i < 20; i++) {
      loop.pass(Duration.ofMinutes(9));
      assertThat(views.resolve("Hello")).containsExactly(A);
    }

    assertThat(session.subjects()).isEqualTo(1);
  }

  @Test
  void anOpenViewIsNeverIdle() {
    ServiceView view = views.open("Hello");
    loop.pass(Duration.ofDays(7));
    assertThat(session.subjects()).isEqualTo(1);

    view.close();
    loop.pass(Duration.ofMinutes(16));
    assertThat(session.subjects()).isZero();
  }

  @Test
  void ofTwoHandlesTheLastKeepsTheViewOpen() {
    ServiceView first = views.open("Hello");
    ServiceView second = views.open("Hello");
    first.close();
    first.close();

    loop.pass(Duration.ofHours(1));
    assertThat(session.subjects()).isEqualTo(1);

    second.close();
    loop.pass(Duration.ofHours(1));
    assertThat(session.subjects()).isZero();
  }

  @Test
  void aServiceThatWasIdleIsWatchedAgainWhenItIsUsedAgain() {
    etcd.put(A);
    views.open("Hello").close();
    loop.pass(Duration.ofMinutes(16));
    etcd.taken();

    ServiceView again = views.open("Hello");
    loop.run();

    assertThat(listedAnew()).isTrue();
    assertThat(again.snapshot()).containsExactly(A);
  }

  @Test
  void aRangeThatSomebodyFillsIsNotTakenIntoMemory() {
    for (int i = 0; i <= 50_000; i++) {
      etcd.putUnseen(FakeKeys.of("10.0.0.1:" + i, "{}", i + 1));
    }

    ServiceView view = views.open("Hello");
    loop.run();

    assertThat(view.snapshot()).isEmpty();
    assertThat(view.problem())
        .containsInstanceOf(EtcdRefusedException.class)
        .hasValueSatisfying(
            problem ->
                assertThat(problem)
                    .hasMessageContaining(
                        "50001 keys of 100002 bytes (expected: at most 50000 keys"));
  }

  @Test
  void keysBeyondTheLimitDisturbNoneOfThoseThatAreKnown() {
    etcd.put(A);
    for (int i = 2; i <= 50_000; i++) {
      etcd.putUnseen(FakeKeys.of("unreadable" + i, "{}", i));
    }
    ServiceView view = views.open("Hello");
    loop.run();

    etcd.put(B);
    loop.run();
    assertThat(view.snapshot()).containsExactly(A);

    etcd.put(A.withWeight(9));
    loop.run();
    assertThat(view.snapshot()).containsExactly(A.withWeight(9));
  }

  @Test
  void theCloseEndsAllViewsWhoeverHoldsThem() {
    views.open("Hello");
    views.open("Other");
    loop.run();

    views.close();
    loop.run();

    assertThat(session.subjects()).isZero();
    assertThatThrownBy(() -> views.open("Hello")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anIllegalNameIsRefusedAndLeavesNothingBehind() {
    assertThatThrownBy(() -> views.open("a/b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("service name");
    loop.run();

    assertThat(session.subjects()).isZero();
  }

  // What is served.

  @Test
  void theLatestProblemIsShownAndOneOfAKindIsTold() {
    List<RegistryException> told = new ArrayList<>();
    ServiceView view = views.open("Hello");
    view.onProblem(told::add);
    for (String message : List.of("first", "second")) {
      etcd.failWith(new EtcdException(Kind.UNAVAILABLE, "etcd:2379", message));
      loop.pass(Duration.ofMinutes(1));
      runCallbacks();
      assertThat(view.problem())
          .hasValueSatisfying(problem -> assertThat(problem).hasMessageContaining(message));
    }

    assertThat(told).hasSize(1);
  }

  @Test
  void whileEtcdIsAwayTheLastStateIsServedWithItsAge() {
    etcd.put(A);
    ServiceView view = views.open("Hello");
    loop.run();

    etcd.failWith(Failures.away());
    etcd.endWatchStream();
    loop.pass(Duration.ofSeconds(7));

    assertThat(view.snapshot()).containsExactly(A);
    assertThat(view.snapshot().freshness()).isEqualTo(Freshness.STALE);
    assertThat(view.snapshot().age()).contains(Duration.ofSeconds(7));
    assertThat(view.problem()).containsInstanceOf(EtcdUnreachableException.class);
    assertThat(views.resolve("Hello")).containsExactly(A);

    etcd.succeed();
    loop.pass(Duration.ofSeconds(6));
    assertThat(view.snapshot().isLive()).isTrue();
    assertThat(view.problem()).isEmpty();
  }

  @Test
  void allThatWentAtOnceAreServedForAWhileAsUnconfirmed() {
    etcd.put(A);
    etcd.put(B);
    ServiceView view = views.open("Hello");
    loop.run();

    etcd.delete(A);
    etcd.delete(B);
    loop.run();
    assertThat(view.snapshot()).containsExactly(A, B);
    assertThat(view.snapshot().unconfirmed()).containsExactlyInAnyOrder(A, B);

    loop.pass(Duration.ofSeconds(15));
    assertThat(view.snapshot()).isEmpty();
  }

  @Test
  void whoComesBackIsConfirmedAndOutlivesTheOthers() {
    etcd.put(A);
    etcd.put(B);
    ServiceView view = views.open("Hello");
    loop.run();
    etcd.delete(A);
    etcd.delete(B);

    etcd.put(A);
    loop.run();
    assertThat(view.snapshot()).containsExactly(A, B);
    assertThat(view.snapshot().unconfirmed()).containsExactly(B);

    loop.pass(Duration.ofSeconds(15));
    assertThat(view.snapshot()).containsExactly(A);
  }

  @Test
  void theLastInstanceThatGoesAloneIsGoneAtOnce() {
    etcd.put(A);
    ServiceView view = views.open("Hello");
    loop.run();

    etcd.delete(A);
    loop.run();

    assertThat(view.snapshot()).isEmpty();
  }

  // Why there is nothing.

  @Test
  void withoutAnswerInTimeEtcdIsUnreachable() {
    etcd.failWith(Failures.away());
    views.open("Hello");
    loop.run();

    assertThat(reasonOfFailure()).isEqualTo(Reason.UNREACHABLE);
  }

  @Test
  void aRefusalIsToldAsSuch() {
    etcd.failWith(Failures.denied());
    views.open("Hello");
    loop.run();

    assertThat(reasonOfFailure()).isEqualTo(Reason.DENIED);
  }

  @Test
  void anEmptyRangeHasNoKey() {
    views.open("Hello");
    loop.run();

    assertThat(reasonOfFailure()).isEqualTo(Reason.NO_KEY);
  }

  @Test
  void aRangeOfRubbishIsMalformed() {
    etcd.putUnseen(FakeKeys.of("k", "rubbish", 11));
    views.open("Hello");
    loop.run();

    assertThat(reasonOfFailure()).isEqualTo(Reason.ALL_MALFORMED);
  }

  // Changes.

  @Test
  void whoListensIsToldOfEverythingThatIsThereFirst() {
    etcd.put(A);
    ServiceView view = views.open("Hello");
    loop.run();
    List<Change> heard = new ArrayList<>();

    view.onChange(heard::add);
    loop.run();
    runCallbacks();

    assertThat(heard).hasSize(1);
    assertThat(heard.get(0).added()).containsExactly(A);
  }

  @Test
  void changesThatCancelEachOtherOutAreNotTold() {
    etcd.put(A);
    ServiceView view = views.open("Hello");
    List<Change> heard = new ArrayList<>();
    view.onChange(heard::add);
    loop.run();
    runCallbacks();
    heard.clear();

    etcd.put(A.withWeight(9));
    etcd.put(A);
    loop.run();
    runCallbacks();

    assertThat(heard).isEmpty();
  }

  @Test
  void theFoldOfWhatASlowListenerHearsIsTheSnapshot() {
    for (long seed = 0; seed < 50; seed++) {
      new ViewsTest().followRandomly(seed);
    }
  }

  private void followRandomly(long seed) {
    Random random = new Random(seed);
    Map<String, Instance> held = new HashMap<>();
    ServiceView view = views.open("Hello");
    view.onChange(
        change -> {
          change.removed().forEach(gone -> assertThat(held.remove(gone.address())).isEqualTo(gone));
          change.added().forEach(added -> assertThat(held.put(added.address(), added)).isNull());
          change.updated().forEach(now -> assertThat(held.put(now.address(), now)).isNotNull());
          assertThat(new HashSet<>(held.values()))
              .as("seed %d", seed)
              .isEqualTo(new HashSet<>(change.snapshot().instances()));
        });
    for (int step = 0; step < 200; step++) {
      Instance instance =
          Instance.of("10.0.0." + random.nextInt(4), 1).withWeight(1 + random.nextInt(3));
      switch (random.nextInt(6)) {
        case 0, 1 -> etcd.put(instance);
        case 2, 3 -> etcd.delete(instance);
        case 4 -> loop.pass(Duration.ofMillis(random.nextInt(20_000)));
        default -> {
          loop.run();
          runCallbacks();
        }
      }
    }
    loop.pass(Duration.ofMinutes(1));
    runCallbacks();

    assertThat(new HashSet<>(held.values()))
        .as("seed %d", seed)
        .isEqualTo(new HashSet<>(view.snapshot().instances()));
  }
}
