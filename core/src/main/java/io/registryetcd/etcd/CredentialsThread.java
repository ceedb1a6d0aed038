package io.registryetcd.etcd;

import io.registryetcd.etcd.EtcdClientConfig.Credentials;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A thread for the user's credentials supplier, which may read a file or ask a vault and so may
 * block. It exists while a login needs it and for a few seconds after.
 */
final class CredentialsThread {

  private static final long IDLE_SECONDS = 5;

  private final Supplier<Credentials> supplier;
  private final ThreadPoolExecutor executor;

  CredentialsThread(Supplier<Credentials> supplier) {
    this.supplier = supplier;
    executor =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "registry-etcd-credentials");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
  }

  /** Asks the supplier; tells the credentials or the failure, on this thread. */
  void ask(BiConsumer<@Nullable Credentials, @Nullable Throwable> answer) {
    try {
      executor.execute(() -> answer(answer));
    } catch (RejectedExecutionException e) {
      answer.accept(null, e);
    }
  }

  /** Interrupts the supplier if it runs, and ends the thread. */
  void close() {
    executor.shutdownNow();
  }

  private void answer(BiConsumer<@Nullable Credentials, @Nullable Throwable> answer) {
    Credentials credentials;
    try {
      credentials = supplier.get();
    } catch (RuntimeException | Error e) {
      answer.accept(null, e);
      return;
    }
    answer.accept(credentials, null);
  }
}
