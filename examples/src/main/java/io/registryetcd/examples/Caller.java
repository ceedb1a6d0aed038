package io.registryetcd.examples;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Calls the service again and again, from one thread, and counts. */
final class Caller implements AutoCloseable {

  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMillis(1);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

  private final HelloClient client;
  private final Tally tally = new Tally();
  private final Map<String, Instant> firstAnswers = new ConcurrentHashMap<>();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final Thread thread = new Thread(this::callUntilStopped, "caller");

  Caller(HelloClient client) {
    this.client = client;
  }

  void call(int times) {
    for (int i = 0; i < times; i++) {
      callOnce();
    }
  }

  void start() {
    thread.setDaemon(true);
    thread.start();
  }

  void stop() throws InterruptedException {
    stopped.set(true);
    thread.join(TIMEOUT.toMillis());
  }

  /** What was counted since this was asked the last time. */
  Tally.Counts take() {
    return tally.take();
  }

  /** When the first call was answered by this instance. */
  Instant awaitAnswerOf(String id) throws InterruptedException {
    return Await.until(ANSWER_LIMIT, "a call answered by " + id, () -> firstAnswers.get(id));
  }

  /** Waits until so many calls have been counted since they were taken the last time. */
  void awaitCalls(int calls) throws InterruptedException {
    Await.until(
        ANSWER_LIMIT, calls + " calls", () -> tally.counts().calls() >= calls ? tally : null);
  }

  private void callUntilStopped() {
    try {
      while (!stopped.get()) {
        callOnce();
        Thread.sleep(PAUSE.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void callOnce() {
    String message = "hello";
    try {
      String answer = client.call(message, TIMEOUT);
      tally.answered(message, answer);
      firstAnswers.putIfAbsent(answer.split("\\|", 2)[0], Instant.now());
    } catch (RuntimeException e) {
      tally.failed();
      System.err.println("a call failed: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    stopped.set(true);
    thread.interrupt();
  }
}
