package io.registryetcd;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

/** A loop whose tasks run, and whose time passes, when the test says so. */
final class ManualLoop implements Loop {

  private static final class Task {

    final long due;
    final long number;
    final Runnable work;

    Task(long due, long number, Runnable work) {
      this.due = due;
      this.number = number;
      this.work = work;
    }
  }

  private final Queue<Runnable> ready = new ArrayDeque<>();
  private final PriorityQueue<Task> timers =
      new PriorityQueue<>(
          Comparator.<Task>comparingLong(task -> task.due).thenComparingLong(task -> task.number));
  private long now;
  private long scheduled;
  private boolean closed;

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public void execute(Runnable task) {
    if (!closed) {
      ready.add(task);
    }
  }

  @Override
  public Timer schedule(Duration delay, Runnable task) {
    Task timer = new Task(now + delay.toNanos(), ++scheduled, task);
    if (!closed) {
      timers.add(timer);
    }
    return () -> timers.remove(timer);
  }

  @Override
  public void close() {
    closed = true;
    ready.clear();
    timers.clear();
  }

  /** Runs what is ready, and what that makes ready. */
  void run() {
    for (Runnable task = ready.poll(); task != null; task = ready.poll()) {
      task.run();
    }
  }

  /** Lets time pass, and runs everything at its moment. */
  void pass(Duration time) {
    run();
    long end = now + time.toNanos();
    for (Task next = timers.peek(); next != null && next.due <= end; next = timers.peek()) {
      timers.remove(next);
      now = Math.max(now, next.due);
      next.work.run();
      run();
    }
    now = end;
  }
}
