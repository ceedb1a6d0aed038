package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** News are numbers here, and two of them merge into their sum, which cancels out at zero. */
class NotifierTest {

  private final Queue<Runnable> executor = new ArrayDeque<>();
  private final Notifier<Integer> notifier = new Notifier<>(executor::add, NotifierTest::sum);
  private final List<Integer> heard = new ArrayList<>();

  private static Optional<Integer> sum(Optional<Integer> earlier, Optional<Integer> later) {
    return Optional.of(earlier.orElse(0) + later.orElse(0)).filter(sum -> sum != 0);
  }

  private void runCallbacks() {
    for (Runnable task = executor.poll(); task != null; task = executor.poll()) {
      task.run();
    }
  }

  private static <E extends Throwable> void throwUnchecked(Throwable failure) throws E {
    @SuppressWarnings("unchecked")
    E undeclared = (E) failure;
    throw undeclared;
  }

  @Test
  void listenersAreCalledOnTheExecutorAndNeverByWhoTells() {
    notifier.add(heard::add, Optional.empty());

    notifier.tell(1);
    assertThat(heard).isEmpty();

    runCallbacks();
    assertThat(heard).containsExactly(1);
  }

  @Test
  void newsComeInOrder() {
    notifier.add(heard::add, Optional.of(1));
    runCallbacks();
    notifier.tell(2);
    runCallbacks();
    notifier.tell(3);
    runCallbacks();

    assertThat(heard).containsExactly(1, 2, 3);
  }

  @Test
  void aListenerWithoutFirstNewsIsNotCalledBeforeThereAreSome() {
    notifier.add(heard::add, Optional.empty());

    runCallbacks();

    assertThat(heard).isEmpty();
  }

  @Test
  void theNewsOfTheMeantimeAreMergedIntoOneCall() {
    notifier.add(heard::add, Optional.empty());

    notifier.tell(1);
    notifier.tell(2);
    notifier.tell(3);
    runCallbacks();

    assertThat(heard).containsExactly(6);
    assertThat(executor).isEmpty();
  }

  @Test
  void newsThatCancelEachOtherOutAreNoNews() {
    notifier.add(heard::add, Optional.empty());

    notifier.tell(5);
    notifier.tell(-5);
    runCallbacks();
    assertThat(heard).isEmpty();

    notifier.tell(7);
    runCallbacks();
    assertThat(heard).containsExactly(7);
  }

  @Test
  void newsThatAreToldByAListenerComeAfterItsCall() {
    notifier.add(
        news -> {
          heard.add(news);
          if (news < 3) {
            notifier.tell(news + 1);
          }
          heard.add(-news);
        },
        Optional.of(1));

    runCallbacks();

    assertThat(heard).containsExactly(1, -1, 2, -2, 3, -3);
  }

  @Test
  void aListenerThatThrowsIsCalledAgainAndDisturbsNoOther() {
    notifier.add(
        news -> {
          throw new IllegalStateException("listener " + news);
        },
        Optional.empty());
    notifier.add(
        news -> {
          throw new AssertionError("listener " + news);
        },
        Optional.empty());
    notifier.add(heard::add, Optional.empty());

    notifier.tell(1);
    runCallbacks();
    notifier.tell(2);
    runCallbacks();

    assertThat(heard).containsExactly(1, 2);
  }

  @Test
  void aListenerOfALanguageWithoutCheckedExceptionsIsCalledAgainToo() {
    notifier.add(
        news -> {
          heard.add(news);
          NotifierTest.<RuntimeException>throwUnchecked(new Exception("listener " + news));
        },
        Optional.empty());

    notifier.tell(1);
    runCallbacks();
    notifier.tell(2);
    runCallbacks();

    assertThat(heard).containsExactly(1, 2);
  }

  @Test
  void aClosedSubscriptionHearsNothingMoreNotEvenWhatWasOnItsWay() {
    Subscription subscription = notifier.add(heard::add, Optional.empty());
    notifier.tell(1);

    subscription.close();
    subscription.close();
    notifier.tell(2);
    runCallbacks();

    assertThat(heard).isEmpty();
  }

  @Test
  void aListenerCanEndItsOwnSubscription() {
    List<Subscription> own = new ArrayList<>();
    own.add(
        notifier.add(
            news -> {
              heard.add(news);
              own.get(0).close();
            },
            Optional.empty()));

    notifier.tell(1);
    runCallbacks();
    notifier.tell(2);
    runCallbacks();

    assertThat(heard).containsExactly(1);
  }

  @Test
  void afterTheCloseNobodyIsCalled() {
    notifier.add(heard::add, Optional.of(1));

    notifier.close();
    notifier.tell(2);
    runCallbacks();

    assertThat(heard).isEmpty();
  }

  @Test
  void anExecutorThatRefusesACallLosesNoNews() {
    List<Integer> refusals = new ArrayList<>(List.of(1));
    Notifier<Integer> refused =
        new Notifier<>(
            task -> {
              if (!refusals.isEmpty()) {
                refusals.clear();
                throw new RejectedExecutionException("busy");
              }
              executor.add(task);
            },
            NotifierTest::sum);
    refused.add(heard::add, Optional.empty());

    refused.tell(1);
    refused.tell(2);
    runCallbacks();

    assertThat(heard).containsExactly(3);
  }

  // On real threads.

  @Test
  void aListenerThatBlocksHoldsUpNoOtherAndFindsTheMeantimeInOnePiece() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Notifier<Integer> threaded = new Notifier<>(threads, NotifierTest::sum);
      List<Integer> blockedHeard = Collections.synchronizedList(new ArrayList<>());
      CountDownLatch entered = new CountDownLatch(1);
      CountDownLatch released = new CountDownLatch(1);
      CountDownLatch finished = new CountDownLatch(2);
      AtomicInteger otherHeard = new AtomicInteger();
      CountDownLatch otherHeardAll = new CountDownLatch(1);
      threaded.add(
          news -> {
            blockedHeard.add(news);
            entered.countDown();
            awaitUninterrupted(released);
            finished.countDown();
          },
          Optional.of(1));
      assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
      threaded.add(
          news -> {
            if (otherHeard.addAndGet(news) == 5050) {
              otherHeardAll.countDown();
            }
          },
          Optional.empty());

      for (int news = 1; news <= 100; news++) {
        threaded.tell(news);
      }

      assertThat(otherHeardAll.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(blockedHeard).containsExactly(1);
      released.countDown();
      assertThat(finished.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(blockedHeard).containsExactly(1, 5050);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aListenerIsNeverCalledTwiceAtATime() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Notifier<Integer> threaded = new Notifier<>(threads, NotifierTest::sum);
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      AtomicInteger sum = new AtomicInteger();
      CountDownLatch all = new CountDownLatch(1);
      threaded.add(
          news -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            inside.decrementAndGet();
            if (sum.addAndGet(news) == 20_000) {
              all.countDown();
            }
          },
          Optional.empty());

      for (int news = 0; news < 20_000; news++) {
        threaded.tell(1);
      }

      assertThat(all.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(most).hasValue(1);
    } finally {
      threads.shutdownNow();
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
