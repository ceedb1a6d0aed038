package io.registryetcd.examples;

import io.registryetcd.Instance;
import io.registryetcd.ServiceView;
import io.registryetcd.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** Remembers when the client saw what, to the millisecond. */
final class ViewLog implements AutoCloseable {

  private static final Duration LIMIT = Duration.ofSeconds(15);

  private final ServiceView view;
  private final List<Sight> sights = new CopyOnWriteArrayList<>();
  private final Thread thread = new Thread(this::watch, "view-log");

  /** A snapshot, and when it was there. */
  private record Sight(Instant time, Snapshot snapshot) {

    boolean contains(String address) {
      return snapshot.instances().stream().anyMatch(at(address));
    }

    /** Not only kept from before because its end is not certain. */
    boolean confirms(String address) {
      return snapshot.isLive()
          && contains(address)
          && snapshot.unconfirmed().stream().noneMatch(at(address));
    }

    private static Predicate<Instance> at(String address) {
      return instance -> instance.address().equals(address);
    }
  }

  private ViewLog(ServiceView view) {
    this.view = view;
  }

  static ViewLog of(ServiceView view) {
    ViewLog log = new ViewLog(view);
    log.thread.setDaemon(true);
    log.thread.start();
    return log;
  }

  void awaitReady() throws InterruptedException {
    Await.until(LIMIT, "etcd in the client", () -> view.snapshot().isLive() ? view : null);
  }

  Instant awaitConfirmed(String address, Instant since) throws InterruptedException {
    return await(address + " in the client", since, sight -> sight.confirms(address));
  }

  Instant awaitGone(String address, Instant since) throws InterruptedException {
    return await(address + " gone from the client", since, sight -> !sight.contains(address));
  }

  private Instant await(String what, Instant since, Predicate<Sight> wanted)
      throws InterruptedException {
    return Await.until(
        LIMIT,
        what,
        () ->
            sights.stream()
                .filter(sight -> sight.time().isAfter(since) && wanted.test(sight))
                .findFirst()
                .map(Sight::time)
                .orElse(null));
  }

  private void watch() {
    Snapshot last = null;
    try {
      while (true) {
        Snapshot now = view.snapshot();
        if (now != last) {
          sights.add(new Sight(Instant.now(), now));
          last = now;
        }
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    view.close();
  }
}
