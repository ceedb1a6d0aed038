package io.registryetcd.kitex;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The threads of all clients of the JVM, beside those for I/O. They end when there is no work. */
final class ClientThreads {

  /** For what may block and is not the user's: the first list of instances, names of hosts. */
  static final Executor LOOKUPS = daemons("registry-etcd-kitex-lookup", 8);

  /** For callbacks of those users who give no executor. */
  static final Executor CALLBACKS =
      daemons(
          "registry-etcd-kitex-callback",
          Math.max(4, 2 * Runtime.getRuntime().availableProcessors()));

  private ClientThreads() {}

  private static Executor daemons(String name, int threads) {
    var executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
