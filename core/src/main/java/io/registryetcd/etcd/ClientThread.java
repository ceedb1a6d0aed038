package io.registryetcd.etcd;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread of a client: its state changes only there, gRPC's callbacks run there, and so do
 * its timers. Nothing on it may block. It starts with the first task.
 *
 * <p>It differs from the registry's loop in its end: tasks then run in the caller ({@link
 * #execute}), where the loop drops them.
 */
final class ClientThread implements Executor {

  private static final Logger log = LoggerFactory.getLogger(ClientThread.class);
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final ScheduledThreadPoolExecutor executor;
  private volatile @Nullable Thread thread;

  ClientThread() {
    String name = "registry-etcd-client-" + NUMBER.incrementAndGet();
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread created = new Thread(task, name);
              created.setDaemon(true);
              thread = created;
              return created;
            });
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** The monotonic clock, in nanoseconds. */
  long now() {
    return System.nanoTime();
  }

  /** Whether the caller is on this thread. */
  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  /**
   * Runs a task after those that were handed over before it. After {@link #shutdown} it runs in the
   * caller: gRPC then still has to be told the ends of its calls, and nothing of ours is left to
   * guard.
   */
  @Override
  public void execute(Runnable task) {
    try {
      executor.execute(() -> run(task));
    } catch (RejectedExecutionException e) {
      run(task);
    }
  }

  /** Runs a task after a delay, unless the future is cancelled before. */
  Future<?> schedule(Duration delay, Runnable task) {
    return executor.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Ends the thread after the tasks that were handed over; timers are dropped. */
  void shutdown() {
    executor.shutdown();
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      log.error("A task of the etcd client failed; please report it", e);
    }
  }
}
