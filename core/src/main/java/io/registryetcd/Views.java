package io.registryetcd;

import io.registryetcd.Snapshot.Freshness;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The views of one resolver: one {@link WatchedView} for each service in use, closed when nobody
 * has used it for a while.
 *
 * <p>Safe for use by many threads. To look up a view that exists takes no lock.
 */
final class Views {

  private static final Logger logger = LoggerFactory.getLogger(Views.class);
  private static final long TOUCH_STEP = Duration.ofSeconds(1).toNanos();

  private final EtcdSession session;
  private final Duration resolveTimeout;
  private final Duration idleTimeout;
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private volatile boolean closed;

  Views(EtcdSession session) {
    this.session = session;
    this.resolveTimeout = session.config().resolveTimeout;
    this.idleTimeout = session.config().idleViewTimeout;
  }

  Snapshot resolve(String service) {
    Entry entry = use(service, 0);
    if (!entry.view.ready().isDone()) {
      entry.awaitAnswer();
    }
    // only now, or it might be the one before the first list
    Snapshot snapshot = entry.view.snapshot();
    if (snapshot.isEmpty()) {
      throw noInstance(entry.view, snapshot);
    }
    return snapshot;
  }

  ServiceView open(String service) {
    return new OpenView(use(service, 1));
  }

  /**
   * The view of a service, which cannot be closed as idle for a while from now, nor while it has
   * handles.
   */
  private Entry use(String service, int handles) {
    Entry entry = entries.get(service);
    if (entry == null || handles > 0 || !entry.touch()) {
      entry =
          entries.compute(
              service,
              (s, present) -> {
                Entry used = present != null ? present : create(s);
                used.handles += handles;
                used.lastUsed = session.loop().nanos();
                return used;
              });
      if (closed) {
        close(); // which may have overlooked this one
      }
    }
    return entry;
  }

  private Entry create(String service) {
    if (closed) {
      throw new IllegalStateException("resolver closed, cannot resolve " + LogText.escape(service));
    }
    Entry entry = new Entry(new WatchedView(session, service));
    session.begin(
        "resolve " + LogText.escape(service),
        () -> {
          entry.view.start();
          entry.scheduleIdleCheck();
        });
    return entry;
  }

  private static NoInstanceException noInstance(WatchedView view, Snapshot snapshot) {
    Optional<RegistryException> problem = view.problem();
    String range = "no instance of " + snapshot.service() + " under " + view.keyRange() + ": ";
    if (snapshot.freshness() == Freshness.PENDING || snapshot.freshness() == Freshness.FILE) {
      if (problem.filter(p -> !(p instanceof EtcdUnreachableException)).isPresent()) {
        return new NoInstanceException(
            NoInstanceException.Reason.DENIED, range + problem.get().getMessage(), problem.get());
      }
      String why = problem.map(Throwable::getMessage).orElse("etcd has not answered in time");
      return new NoInstanceException(
          NoInstanceException.Reason.UNREACHABLE, range + why, problem.orElse(null));
    }
    Snapshot.Emptiness seen = snapshot.emptiness();
    if (seen.filtered() > 0) {
      return new NoInstanceException(
          NoInstanceException.Reason.ALL_FILTERED,
          range
              + seen.filtered()
              + " filtered for weight <= 0 with a default weight that is not above 0; raise either");
    }
    if (seen.malformed() > 0) {
      return new NoInstanceException(
          NoInstanceException.Reason.ALL_MALFORMED,
          range + seen.malformed() + " malformed; the log says how");
    }
    return new NoInstanceException(
        NoInstanceException.Reason.NO_KEY,
        range + "no key there; is a server registered, with the same prefix and service name?");
  }

  void close() {
    closed = true;
    for (String service : List.copyOf(entries.keySet())) {
      Entry entry = entries.remove(service);
      if (entry != null) {
        entry.retired = true;
        session.loop().execute(entry.view::end);
      }
    }
  }

  /** A view and who uses it. */
  private final class Entry {

    final WatchedView view;
    final long created = session.loop().nanos();
    int handles;
    volatile long lastUsed = created;
    volatile boolean retired;

    Entry(WatchedView view) {
      this.view = view;
    }

    /** Notes the use; false if this view is being closed, so that another one must be made. */
    boolean touch() {
      long now = session.loop().nanos();
      if (now - lastUsed > TOUCH_STEP) {
        lastUsed = now;
      }
      return !retired;
    }

    /** The first calls wait for the first list; once the time is over, none waits any more. */
    void awaitAnswer() {
      long left = created + resolveTimeout.toNanos() - session.loop().nanos();
      Waiting.atMost(Duration.ofNanos(Math.max(0, left)), view.answered(), session.loop());
    }

    void release() {
      entries.computeIfPresent(
          view.service(),
          (service, present) -> {
            if (present == this) {
              handles--;
              lastUsed = session.loop().nanos();
            }
            return present;
          });
    }

    void scheduleIdleCheck() {
      session.loop().schedule(idleTimeout.dividedBy(2), this::checkIdle);
    }

    private void checkIdle() {
      if (retired) {
        return;
      }
      entries.computeIfPresent(
          view.service(),
          (service, present) -> {
            retired = present == this && handles == 0;
            // read after the flag is set: who notes a use before that is seen here, who does after
            // it sees the flag
            retired &= session.loop().nanos() - lastUsed >= idleTimeout.toNanos();
            return retired ? null : present;
          });
      if (retired) {
        logger.debug("view of {} closed: not used for {}", view.keyRange(), idleTimeout);
        view.end();
      } else {
        scheduleIdleCheck();
      }
    }
  }

  /** One user's handle of a view. */
  private final class OpenView implements ServiceView {

    private final Entry entry;
    private final WatchedView view;
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();
    private final AtomicBoolean open = new AtomicBoolean(true);

    OpenView(Entry entry) {
      this.entry = entry;
      this.view = entry.view;
    }

    @Override
    public String service() {
      return view.service();
    }

    @Override
    public String keyRange() {
      return view.keyRange();
    }

    @Override
    public CompletableFuture<Snapshot> whenReady() {
      return view.publicReady().copy();
    }

    @Override
    public Snapshot snapshot() {
      return view.snapshot();
    }

    @Override
    public Optional<RegistryException> problem() {
      return view.problem();
    }

    @Override
    public Subscription onChange(Consumer<? super Change> listener) {
      return keep(view.onChange(listener));
    }

    @Override
    public Subscription onProblem(Consumer<? super RegistryException> listener) {
      return keep(view.onProblem(listener));
    }

    private Subscription keep(Subscription subscription) {
      subscriptions.add(subscription);
      if (!open.get()) {
        subscription.close();
      }
      return () -> {
        subscriptions.remove(subscription);
        subscription.close();
      };
    }

    @Override
    public void refresh() {
      session.loop().execute(session::nudge);
    }

    @Override
    public void close() {
      if (open.compareAndSet(true, false)) {
        subscriptions.forEach(Subscription::close);
        entry.release();
      }
    }
  }
}
