package io.registryetcd;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings news to listeners: on the callback executor, in order, one call at a time for each
 * listener.
 *
 * <p>Listeners do not see each other: one that throws is logged and called again, one that blocks
 * finds the news of the meantime merged into one, so that memory stays bounded.
 */
final class Notifier<T> {

  private static final Logger logger = LoggerFactory.getLogger(Notifier.class);

  private final Executor executor;
  private final BinaryOperator<Optional<T>> merge;
  private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();

  /**
   * @param merge what remains of two pieces of news that follow each other; empty if they cancel
   *     each other out
   */
  Notifier(Executor executor, BinaryOperator<Optional<T>> merge) {
    this.executor = executor;
    this.merge = merge;
  }

  /** Adds a listener, which is told {@code first} before anything else. */
  Subscription add(Consumer<? super T> listener, Optional<T> first) {
    Subscriber subscriber = new Subscriber(listener);
    subscribers.add(subscriber);
    first.ifPresent(subscriber::tell);
    return subscriber::end;
  }

  void tell(T news) {
    subscribers.forEach(subscriber -> subscriber.tell(news));
  }

  /**
   * The future that users see of one of ours: completed like it, but on the executor, so that
   * stages which they add never run on the loop. It must not stay open because the executor is full
   * or gone in the one moment that counts.
   */
  static <T> CompletableFuture<T> published(CompletableFuture<T> from, Executor executor) {
    CompletableFuture<T> to = new CompletableFuture<>();
    from.whenComplete(
        (result, failure) -> {
          Completion completion =
              new Completion(
                  () -> {
                    if (failure == null) {
                      to.complete(result);
                    } else {
                      to.completeExceptionally(failure);
                    }
                  });
          try {
            executor.execute(completion);
          } catch (RejectedExecutionException e) {
            completion.runElsewhere();
          }
        });
    return to;
  }

  /** What completes a future of users. */
  record Completion(Runnable act) implements Runnable {

    @Override
    public void run() {
      act.run();
    }

    /** Where the executor does not. */
    void runElsewhere() {
      ForkJoinPool.commonPool().execute(act);
    }
  }

  /** No listener is called any more, but for calls that are under way. */
  void close() {
    subscribers.forEach(Subscriber::end);
  }

  private final class Subscriber implements Runnable {

    private final Consumer<? super T> listener;
    private final Object lock = new Object();
    private Optional<T> pending = Optional.empty();
    private boolean scheduled;
    private volatile boolean ended;

    Subscriber(Consumer<? super T> listener) {
      this.listener = listener;
    }

    void tell(T news) {
      synchronized (lock) {
        pending = pending.isEmpty() ? Optional.of(news) : merge.apply(pending, Optional.of(news));
        if (scheduled || ended) {
          return;
        }
        scheduled = true;
      }
      schedule();
    }

    void end() {
      ended = true;
      subscribers.remove(this);
    }

    private void schedule() {
      try {
        executor.execute(this);
      } catch (RejectedExecutionException e) {
        synchronized (lock) {
          scheduled = false;
        }
        logger.debug("callback executor refused a listener's call", e);
      }
    }

    @Override
    public void run() {
      for (T news = next(); news != null; news = next()) {
        try {
          listener.accept(news);
        } catch (Throwable e) { // other languages throw checked exceptions too
          logger.warn("a listener failed; it is called again at the next change", e);
        }
      }
    }

    private @Nullable T next() {
      synchronized (lock) {
        T news = ended ? null : pending.orElse(null);
        pending = Optional.empty();
        scheduled = news != null;
        return news;
      }
    }
  }
}
