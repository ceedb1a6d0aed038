package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.Snapshot.Freshness;
import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.RangeResponse;
import io.registryetcd.etcd.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances of one service in memory: carries out what its {@link ViewMachine} asks for, and
 * publishes snapshots.
 *
 * <p>Table, hold and machine change only on the session's loop; users see the volatile snapshot.
 */
final class WatchedView implements ViewMachine.Effects, EtcdSession.Subject, Watches.Handler {

  private static final Logger logger = LoggerFactory.getLogger(WatchedView.class);

  private static final long MOST_BYTES = 64L << 20;

  private final EtcdSession session;
  private final Loop loop;
  private final String service;
  private final KeyRange range;
  private final String rangeText;
  private final ViewMachine machine;
  private final InstanceTable table;
  private final Hold hold;
  private final Optional<SnapshotFile> file;
  private final Notifier<News> changes;
  private final Notifier<RegistryException> problems;

  /** A change, and the instances before it: what merging with the next one needs. */
  private record News(List<Instance> before, Change change) {}

  private final TreeMap<String, Instance> published = new TreeMap<>();
  private Freshness freshness = Freshness.PENDING;
  private long revision;
  private long staleSince;
  private long watch;
  private boolean ended;
  private Loop.@Nullable Timer retryTimer;
  private Loop.@Nullable Timer checkTimer;
  private Loop.@Nullable Timer holdTimer;

  private final CompletableFuture<Snapshot> ready = new CompletableFuture<>();
  private final CompletableFuture<Snapshot> publicReady;
  private final CompletableFuture<Void> answered = new CompletableFuture<>();
  private volatile Snapshot snapshot;
  private volatile @Nullable RegistryException problem;

  WatchedView(EtcdSession session, String service) {
    EtcdConfig config = session.config();
    this.session = session;
    this.loop = session.loop();
    this.service = service;
    this.rangeText = config.layout.range(service);
    this.range = KeyRange.prefix(rangeText);
    this.machine =
        new ViewMachine(this, session.newBackoff(), config.retry.retryDelay(), session.random());
    this.table = new InstanceTable(service, config.layout, config.defaultWeight);
    this.hold = new Hold(config.holdTime, config.holdMajorityLoss);
    this.file =
        config.snapshotDirectory.map(
            directory -> new SnapshotFile(directory, rangeText, config.layout));
    this.changes = new Notifier<>(session.callbacks(), WatchedView::merge);
    this.problems = new Notifier<>(session.callbacks(), (earlier, later) -> later);
    this.publicReady = Notifier.published(ready, session.callbacks());
    this.snapshot = newSnapshot(List.of(), Optional.empty());
    file.flatMap(f -> f.read(config.snapshotMaxAge)).ifPresent(this::startFromFile);
  }

  private static Optional<News> merge(Optional<News> earlier, Optional<News> later) {
    return earlier.flatMap(
        first ->
            later.flatMap(
                second ->
                    Change.between(first.before(), second.change().snapshot())
                        .map(change -> new News(first.before(), change))));
  }

  private void startFromFile(SnapshotFile.Content content) {
    logger.info(
        "{}: {} instances from the snapshot file, {} old",
        rangeText,
        content.instances().size(),
        content.age());
    content.instances().forEach(instance -> published.put(instance.address(), instance));
    freshness = Freshness.FILE;
    snapshot = newSnapshot(List.copyOf(published.values()), Optional.of(content.age()));
  }

  // For users, on any thread.

  String service() {
    return service;
  }

  String keyRange() {
    return rangeText;
  }

  Snapshot snapshot() {
    return snapshot;
  }

  Optional<RegistryException> problem() {
    return Optional.ofNullable(problem);
  }

  /** Completes with the first list, on the loop. */
  CompletableFuture<Snapshot> ready() {
    return ready;
  }

  /** Completes soon after it, where stages of users may run. */
  CompletableFuture<Snapshot> publicReady() {
    return publicReady;
  }

  /**
   * Completes when waiting longer makes no sense: with the first list, with a refusal, with any
   * failure if there is a file.
   */
  CompletableFuture<Void> answered() {
    return answered;
  }

  Subscription onChange(Consumer<? super Change> listener) {
    return subscribe(
        () -> {
          Snapshot now = snapshot;
          Change all = new Change(now, now.instances(), List.of(), List.of());
          return changes.add(
              news -> listener.accept(news.change()),
              now.isEmpty() ? Optional.empty() : Optional.of(new News(List.of(), all)));
        });
  }

  Subscription onProblem(Consumer<? super RegistryException> listener) {
    return subscribe(() -> problems.add(listener, problem()));
  }

  /** On the loop, so that nothing is published between the first news and those that follow. */
  private Subscription subscribe(Supplier<Subscription> adding) {
    CompletableFuture<Subscription> added = new CompletableFuture<>();
    loop.execute(() -> added.complete(adding.get()));
    return () -> added.thenAccept(Subscription::close);
  }

  // On the loop.

  void start() {
    if (!ended) {
      session.add(this);
      scheduleCheck();
    }
  }

  void end() {
    ended = true;
    machine.end();
    session.remove(this);
    session.watches().remove(watch);
    for (Loop.Timer timer : timers()) {
      timer.cancel();
    }
    changes.close();
    problems.close();
    ready.completeExceptionally(new RegistryException("view closed: " + rangeText));
    answered.complete(null);
  }

  private List<Loop.Timer> timers() {
    List<Loop.Timer> timers = new ArrayList<>();
    for (Loop.@Nullable Timer timer :
        new Loop.@Nullable Timer[] {retryTimer, checkTimer, holdTimer}) {
      if (timer != null) {
        timers.add(timer);
      }
    }
    return timers;
  }

  /**
   * The regular list: each period +-20 %, longer if the session has so many views that it would be
   * more than ten a second.
   */
  private void scheduleCheck() {
    Duration period = session.config().antiEntropyPeriod;
    Duration fair = Duration.ofMillis(100L * session.subjects());
    Duration longer = period.compareTo(fair) > 0 ? period : fair;
    checkTimer =
        loop.schedule(
            Jitter.around(longer, session.random()),
            () -> {
              machine.check();
              scheduleCheck();
            });
  }

  @Override
  public ByteString probeKey() {
    return range.start();
  }

  @Override
  public void onConnected(Continuity continuity) {
    machine.onConnected(continuity);
  }

  @Override
  public void onDisconnected(EtcdException cause) {
    machine.onDisconnected(cause);
  }

  @Override
  public void onSessionClosed() {
    becomeStale();
    problem = new EtcdUnreachableException("session closed, cannot follow " + rangeText, null);
    end();
  }

  @Override
  public void onCreated() {
    machine.onWatchCreated();
  }

  @Override
  public void onEvents(List<WatchEvent> events) {
    machine.onEvents(events);
  }

  @Override
  public void onCanceled(EtcdException cause) {
    machine.onWatchCanceled(cause);
  }

  // What the machine asks for.

  @Override
  public void list(int number) {
    session.call(
        session.client().range(RangeRequest.all(range)),
        RangeResponse::header,
        response -> onList(number, response),
        cause -> machine.onListFailed(number, cause));
  }

  private void onList(int number, RangeResponse response) {
    long bytes = response.kvs().stream().mapToLong(kv -> kv.value().size()).sum();
    if (response.kvs().size() <= InstanceTable.MOST_KEYS && bytes <= MOST_BYTES) {
      machine.onListed(number, response.header().revision(), response.kvs());
      return;
    }
    String message =
        "%d keys of %d bytes (expected: at most %d keys of %d bytes); the last view is kept"
            .formatted(response.kvs().size(), bytes, InstanceTable.MOST_KEYS, MOST_BYTES);
    logger.error("{}: {}; something fills this range of keys", rangeText, message);
    machine.onListFailed(
        number,
        new EtcdException(EtcdException.Kind.REFUSED, session.client().endpoint(), message));
  }

  @Override
  public void watch(long startRevision) {
    session.watches().remove(watch);
    watch = session.watches().add(range, startRevision, this);
  }

  @Override
  public void startTimer(Duration delay) {
    if (retryTimer != null) {
      retryTimer.cancel();
    }
    retryTimer = loop.schedule(delay, machine::onTimer);
  }

  @Override
  public void replaced(long newRevision, List<KeyValue> kvs, boolean newIncarnation) {
    revision = newRevision;
    freshness = Freshness.LIVE;
    problem = null;
    Set<String> touched = table.replace(kvs);
    published.keySet().stream()
        .filter(address -> table.at(address).isEmpty())
        .forEach(touched::add);
    publish(touched, newIncarnation);
    file.ifPresent(f -> f.write(snapshot, session.callbacks()));
    ready.complete(snapshot);
    answered.complete(null);
  }

  @Override
  public void changed(long newRevision, List<WatchEvent> events) {
    revision = newRevision;
    Set<String> touched = new HashSet<>();
    events.forEach(event -> table.apply(event, touched));
    publish(touched, false);
  }

  @Override
  public void live() {
    problem = null;
    if (freshness != Freshness.LIVE) {
      freshness = Freshness.LIVE;
      snapshot = newSnapshot(snapshot.instances(), Optional.empty());
    }
  }

  @Override
  public void stale(EtcdException cause) {
    RegistryException typed = Problems.of("cannot follow " + rangeText, cause);
    RegistryException before = problem;
    problem = typed;
    if (before == null || !before.getClass().equals(typed.getClass())) {
      logger.debug("{}", typed.getMessage());
      problems.tell(typed);
    }
    becomeStale();
    if (!(typed instanceof EtcdUnreachableException) || freshness == Freshness.FILE) {
      answered.complete(null);
    }
  }

  private void becomeStale() {
    if (freshness == Freshness.LIVE) {
      freshness = Freshness.STALE;
      staleSince = loop.nanos();
      snapshot = newSnapshot(snapshot.instances(), Optional.of(Duration.ZERO));
    }
  }

  // Publishing.

  private void publish(Set<String> touched, boolean newIncarnation) {
    long now = loop.nanos();
    for (String address : touched) {
      Instance before = published.get(address);
      if (table.at(address).isPresent()) {
        hold.confirm(address);
      } else if (before != null && hold.at(address).isEmpty()) {
        if (newIncarnation) {
          hold.keep(before, now);
        } else {
          hold.removed(before, now);
        }
      }
    }
    touched.addAll(hold.judge(table.addresses(), now));
    publishDifference(touched);
    scheduleRelease(now);
  }

  private void publishDifference(Set<String> addresses) {
    List<Instance> instancesBefore = snapshot.instances();
    List<Instance> added = new ArrayList<>();
    List<Instance> removed = new ArrayList<>();
    List<Instance> updated = new ArrayList<>();
    for (String address : addresses) {
      Optional<Instance> after = table.at(address).or(() -> hold.at(address));
      Instance before =
          after.isPresent() ? published.put(address, after.get()) : published.remove(address);
      if (before == null) {
        after.ifPresent(added::add);
      } else if (after.isEmpty()) {
        removed.add(before);
      } else if (!before.equals(after.get())) {
        updated.add(after.get());
      }
    }
    boolean same = added.isEmpty() && removed.isEmpty() && updated.isEmpty();
    Optional<Duration> age =
        freshness == Freshness.STALE
            ? Optional.of(Duration.ofNanos(loop.nanos() - staleSince))
            : Optional.empty();
    snapshot = newSnapshot(same ? snapshot.instances() : List.copyOf(published.values()), age);
    if (!same) {
      changes.tell(new News(instancesBefore, new Change(snapshot, added, removed, updated)));
      file.ifPresent(f -> f.write(snapshot, session.callbacks()));
    }
  }

  private void scheduleRelease(long now) {
    if (holdTimer != null) {
      holdTimer.cancel();
      holdTimer = null;
    }
    hold.nextRelease(now)
        .filter(delay -> !ended)
        .ifPresent(delay -> holdTimer = loop.schedule(delay, this::release));
  }

  private void release() {
    long now = loop.nanos();
    publishDifference(hold.release(now));
    scheduleRelease(now);
  }

  private Snapshot newSnapshot(List<Instance> instances, Optional<Duration> age) {
    return new Snapshot(
        service,
        instances,
        hold.instances(),
        revision,
        freshness,
        age,
        loop,
        new Snapshot.Emptiness(rangeText, table.keys(), table.malformed(), table.filtered()));
  }
}
