package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ThreadLoopTest {

  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(1);

  private final ThreadLoop loop = new ThreadLoop("loop-test");

  @AfterEach
  void closeLoop() {
    loop.close();
  }

  private Thread thread() {
    return CompletableFuture.supplyAsync(Thread::currentThread, loop).join();
  }

  @Test
  void tasksRunOneAfterTheOtherInTheOrderInWhichTheyWereGiven() {
    List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
    List<Integer> given = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      int number = i;
      given.add(number);
      loop.execute(() -> ran.add(number));
    }

    thread();

    assertThat(ran).isEqualTo(given);
  }

  @Test
  void itHasOneDaemonThreadOfItsName() {
    Thread thread = thread();

    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getName()).isEqualTo("loop-test");
    assertThat(thread()).isSameAs(thread);
  }

  @Test
  void aTaskGivenByATaskComesAfterIt() {
    List<String> ran = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch done = new CountDownLatch(1);
    loop.execute(
        () -> {
          loop.execute(
              () -> {
                ran.add("inner");
                done.countDown();
              });
          ran.add("outer");
        });

    awaitIt(done);

    assertThat(ran).containsExactly("outer", "inner");
  }

  @Test
  void aTaskThatFailsEndsNeitherTheLoopNorItsThread() {
    Thread before = thread();

    loop.execute(
        () -> {
          throw new IllegalStateException("made up");
        });
    loop.execute(
        () -> {
          throw new AssertionError("made up");
        });

    assertThat(thread()).isSameAs(before);
  }

  @Test
  void aTimerRunsOnTheLoopAfterItsDelay() {
    CompletableFuture<Thread> ranOn = new CompletableFuture<>();
    long before = loop.nanos();

    loop.schedule(SHORT, () -> ranOn.complete(Thread.currentThread()));

    assertThat(ranOn.orTimeout(10, TimeUnit.SECONDS).join()).isSameAs(thread());
    assertThat(loop.nanos() - before).isGreaterThanOrEqualTo(SHORT.toNanos());
  }

  @Test
  void aTimerThatWasTakenBackDoesNotRun() {
    List<String> ran = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch takenBack = new CountDownLatch(1);
    loop.execute(() -> awaitIt(takenBack)); // so that no timer is due before it is taken back

    Loop.Timer timer = loop.schedule(SHORT, () -> ran.add("cancelled"));
    timer.cancel();
    timer.cancel();
    CountDownLatch later = new CountDownLatch(1);
    loop.schedule(SHORT.multipliedBy(2), later::countDown);
    takenBack.countDown();

    awaitIt(later);
    assertThat(ran).isEmpty();
  }

  @Test
  void afterTheCloseTasksAreDroppedAndTheThreadEnds() throws InterruptedException {
    Thread thread = thread();
    loop.schedule(LONG, () -> {});

    loop.close();
    loop.close();
    loop.execute(() -> {});
    loop.schedule(SHORT, () -> {}).cancel();

    thread.join(10_000);
    assertThat(thread.isAlive()).isFalse();
  }

  @Test
  void theLoopCanBeClosedFromWithin() throws InterruptedException {
    Thread thread = thread();

    loop.execute(loop::close);

    thread.join(10_000);
    assertThat(thread.isAlive()).isFalse();
  }

  private static void awaitIt(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
