package io.registryetcd.kitex;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of all clients of the JVM, beside those for I/O. They end when there is no work. Each
 * kind of work has its own, so that none waits behind another that hangs.
 */
final class ClientThreads {

  /** For the first list of instances, which hangs while etcd cannot be reached. */
  static final Executor LISTS = daemons("registry-etcd-kitex-list", 8);

  /** For names of hosts, which hang while the name server cannot be reached. */
  static final Executor LOOKUPS = daemons("registry-etcd-kitex-lookup", 8);

  /** For picking another instance, by a load balancer that may be the user's. */
  static final Executor PICKS = daemons("registry-etcd-kitex-pick", 4);

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
