package io.registryetcd.kitex;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads on which a server runs handlers, unless its user brings an executor: daemon threads,
 * which end when idle. A call goes to an idle thread; if there is none, to a new one; if there are
 * too many, into a queue, which connections keep short.
 */
final class HandlerThreads {

  private static final int MOST = 200;
  private static final int IDLE_SECONDS = 60;

  /** Takes a task only if a thread waits for it, so that the pool otherwise adds a thread. */
  private static final class Queue extends LinkedTransferQueue<Runnable> {

    private static final long serialVersionUID = 1;

    @Override
    public boolean offer(Runnable task) {
      return tryTransfer(task);
    }

    /** What the pool does with a task that was not taken, when it may add no thread. */
    void await(Runnable task, ThreadPoolExecutor pool) {
      if (pool.isShutdown()) {
        throw new RejectedExecutionException("the server has ended");
      }
      put(task);
    }
  }

  private HandlerThreads() {}

  static ExecutorService newPool() {
    var queue = new Queue();
    return new ThreadPoolExecutor(
        0,
        MOST,
        IDLE_SECONDS,
        TimeUnit.SECONDS,
        queue,
        new DefaultThreadFactory("registry-etcd-kitex-handler", true),
        queue::await);
  }
}
