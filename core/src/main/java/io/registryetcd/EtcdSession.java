package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.GrpcEtcdClient;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.RangeResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to etcd with its lease and its watches, to be shared by a registry and a resolver
 * of the same process.
 *
 * <pre>{@code
 * EtcdSession session = EtcdSession.create(EtcdConfig.of("127.0.0.1:2379"));
 * EtcdRegistry registry = EtcdRegistry.create(session);
 * EtcdResolver resolver = EtcdResolver.create(session);
 * }</pre>
 *
 * <p>A registry or resolver made from settings has a session of its own and needs none of this.
 * Safe for use by many threads.
 *
 * @since 0.1
 */
public final class EtcdSession implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(EtcdSession.class);
  private static final Duration CLOSE_BOUND = Duration.ofSeconds(2);
  private static final Duration REVOKE_BOUND = Duration.ofMillis(700);
  private static final Duration CALLBACK_GRACE = Duration.ofMillis(200);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(5);
  private static final int CALLBACK_THREADS = 16;
  private static final int PROBE_KEYS = 3;
  private static final AtomicInteger sessions = new AtomicInteger();

  /** A registration or a view, as the session sees it. All calls come on the loop. */
  interface Subject {

    /** A key that this subject may read, whether it exists or not. */
    ByteString probeKey();

    void onConnected(Continuity continuity);

    void onDisconnected(EtcdException cause);

    /** The session is closed: nothing more is reported. */
    void onSessionClosed();
  }

  private final EtcdConfig config;
  private final EtcdClient client;
  private final Loop loop;
  private final RandomGenerator random;
  private final Executor callbacks;
  private final Optional<ExecutorService> ownCallbacks;

  private final SessionMachine machine;
  private final Watches watches;
  private final Leases leases;
  private final Set<Subject> subjects = new LinkedHashSet<>();
  private final Set<String> ownKeys = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private boolean closing;
  private Loop.@Nullable Timer timer;
  private @Nullable EtcdException disconnectedBy;
  private long heardAt;

  private EtcdSession(
      EtcdConfig config,
      EtcdClient client,
      Loop loop,
      RandomGenerator random,
      Executor callbacks,
      Optional<ExecutorService> ownCallbacks) {
    this.config = config;
    this.client = client;
    this.loop = loop;
    this.random = random;
    this.callbacks = callbacks;
    this.ownCallbacks = ownCallbacks;
    this.machine = new SessionMachine(new MachineEffects(), newBackoff());
    this.watches = new Watches(this);
    this.leases = new Leases(this, config);
  }

  /**
   * A session with these settings. Does not connect before it is used.
   *
   * @param config the settings
   * @return the session, to be closed by the caller
   * @throws IllegalArgumentException if a TLS file cannot be loaded
   */
  public static EtcdSession create(EtcdConfig config) {
    EtcdClient client = GrpcEtcdClient.create(config.clientConfig());
    String name = "registry-etcd-" + sessions.incrementAndGet();
    Loop loop = new ThreadLoop(name);
    RandomGenerator random = new SplittableRandom(new SecureRandom().nextLong());
    if (config.callbackExecutor.isPresent()) {
      Executor given = config.callbackExecutor.get();
      return new EtcdSession(config, client, loop, random, given, Optional.empty());
    }
    ExecutorService own = callbackThreads(name + "-callback");
    return new EtcdSession(config, client, loop, random, own, Optional.of(own));
  }

  /**
   * A session on parts of the caller's choice, which it closes in the end (but for the callback
   * executor).
   */
  static EtcdSession create(
      EtcdConfig config, EtcdClient client, Loop loop, RandomGenerator random, Executor callbacks) {
    return new EtcdSession(config, client, loop, random, callbacks, Optional.empty());
  }

  /**
   * Threads that come with the work and go a while after it, so that a blocked listener does not
   * stop the others.
   */
  private static ExecutorService callbackThreads(String name) {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            CALLBACK_THREADS,
            CALLBACK_THREADS,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> new CallbackThread(task, name));
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  private static final class CallbackThread extends Thread {

    CallbackThread(Runnable task, String name) {
      super(task, name);
      setDaemon(true);
    }
  }

  /**
   * What an answer depends on: endpoints and layout. Contains no secret.
   *
   * @return a text that is the same for sessions with the same view of the same etcd
   */
  public String name() {
    return String.join(",", config.endpoints) + "/" + config.layout;
  }

  EtcdConfig config() {
    return config;
  }

  EtcdClient client() {
    return client;
  }

  Loop loop() {
    return loop;
  }

  RandomGenerator random() {
    return random;
  }

  Executor callbacks() {
    return callbacks;
  }

  Watches watches() {
    return watches;
  }

  Leases leases() {
    return leases;
  }

  /** Base 100 ms, full jitter, capped by the retry delay, a quarter of the time to live and 5 s. */
  Backoff newBackoff() {
    Duration cap = LONGEST_BACKOFF;
    for (Duration limit : List.of(config.retry.retryDelay(), config.leaseTtl.dividedBy(4))) {
      cap = limit.compareTo(cap) < 0 ? limit : cap;
    }
    return new Backoff(cap, random);
  }

  /**
   * Makes a key one of ours, unless it is already: two registrations of one key would write it in
   * turns for ever.
   */
  boolean claim(String key) {
    return ownKeys.add(key);
  }

  void release(String key) {
    ownKeys.remove(key);
  }

  /**
   * Adds a registration or a view to the session, by a task on its loop that comes before the end.
   *
   * @throws IllegalStateException if the session is closed
   */
  void begin(String purpose, Runnable task) {
    synchronized (this) {
      if (closing) {
        throw new IllegalStateException("session closed, cannot " + purpose);
      }
      loop.execute(task);
    }
  }

  // On the loop: subjects.

  void add(Subject subject) {
    subjects.add(subject);
    if (machine.isConnected()) {
      subject.onConnected(Continuity.SAME);
    } else {
      machine.start();
      if (disconnectedBy != null) {
        subject.onDisconnected(disconnectedBy);
      }
    }
  }

  /** How many registrations and views there are. */
  int subjects() {
    return subjects.size();
  }

  void remove(Subject subject) {
    if (subjects.remove(subject) && subjects.isEmpty()) {
      machine.stop();
    }
  }

  /** Asks for an attempt now, if etcd is away. */
  void nudge() {
    machine.nudge();
  }

  /** A number that changes when etcd turns out to have another history. */
  int incarnation() {
    return machine.incarnation();
  }

  // On the loop: what the client reports.

  /**
   * Brings a call's outcome to the loop, and its header to the machine that watches over the
   * incarnation.
   */
  <T> void call(
      CompletableFuture<T> call,
      Function<T, Header> header,
      Consumer<T> succeeded,
      Consumer<EtcdException> failed) {
    int askedIn = machine.incarnation();
    call.whenComplete(
        (result, failure) ->
            loop.execute(
                () -> {
                  if (failure == null) {
                    heardAt = loop.nanos();
                    machine.onHeader(header.apply(result), askedIn);
                    succeeded.accept(result);
                  } else {
                    failed.accept(asEtcdException(failure));
                  }
                }));
  }

  private EtcdException asEtcdException(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof EtcdException known
        ? known
        : new EtcdException(
            EtcdException.Kind.UNAVAILABLE, client.endpoint(), "unexpected failure", failure);
  }

  void onStreamHeader(Header header) {
    heardAt = loop.nanos();
    machine.onHeader(header, machine.incarnation());
  }

  /** Whether etcd has answered anything, on the loop's clock. */
  boolean hasHeardSince(long nanos) {
    return heardAt - nanos >= 0;
  }

  void onWatchesEnded(EtcdException cause) {
    machine.onWatchesEnded(cause);
  }

  /** What the session machine asks for. */
  private final class MachineEffects implements SessionMachine.Effects {

    @Override
    public void probe(int number) {
      probe(number, Math.min(PROBE_KEYS, subjects.size()));
    }

    /**
     * Reads a key of one subject; if that is refused, of another, for one may be allowed what the
     * other is not.
     */
    private void probe(int number, int keysLeft) {
      if (keysLeft == 0) {
        machine.onProbeRefused(number);
        return;
      }
      Subject subject = subjects.iterator().next();
      CompletableFuture<RangeResponse> read =
          client.range(EtcdClient.RangeRequest.key(subject.probeKey()));
      read.whenComplete(
          (response, failure) ->
              loop.execute(
                  () -> {
                    if (failure == null) {
                      machine.onProbed(number, response.header());
                      return;
                    }
                    EtcdException cause = asEtcdException(failure);
                    switch (cause.kind()) {
                      case DENIED, UNAUTHENTICATED, REFUSED -> {
                        if (subjects.remove(subject)) {
                          subjects.add(subject);
                        }
                        probe(number, Math.min(keysLeft - 1, subjects.size()));
                      }
                      default -> machine.onProbeFailed(number, cause);
                    }
                  }));
    }

    @Override
    public void openWatches() {
      watches.open();
    }

    @Override
    public void closeWatches() {
      watches.close();
    }

    @Override
    public void startTimer(Duration delay) {
      if (timer != null) {
        timer.cancel();
      }
      timer = loop.schedule(delay, machine::onTimer);
    }

    @Override
    public void connected(Continuity continuity) {
      if (disconnectedBy != null) {
        logger.info("etcd answers again [{}]", client.endpoint());
        disconnectedBy = null;
      }
      if (continuity == Continuity.NEW) {
        logger.warn(
            "etcd has lost its data or holds older data: registering and listing afresh [{}]",
            client.endpoint());
        leases.onNewIncarnation();
      }
      List.copyOf(subjects).forEach(subject -> subject.onConnected(continuity));
    }

    @Override
    public void disconnected(EtcdException cause) {
      if (disconnectedBy == null) {
        logger.warn(
            "etcd is away; the last state is served until it is back: {}", cause.getMessage());
      } else {
        logger.debug("etcd is still away: {}", cause.getMessage());
      }
      disconnectedBy = cause;
      List.copyOf(subjects).forEach(subject -> subject.onDisconnected(cause));
    }
  }

  // Closing.

  /**
   * Revokes the leases, ends all views and the connection. What is still registered is gone with
   * its lease. Bounded by 2 s, callable more than once and from anywhere.
   */
  @Override
  public void close() {
    Waiting.atMost(CLOSE_BOUND, closeAsync(), loop);
    endCallbacks();
  }

  /**
   * What was told before the end is still delivered. Listeners that are blocked then are
   * interrupted, but not one that closes the session itself.
   */
  void endCallbacks() {
    ownCallbacks.ifPresent(ExecutorService::shutdown);
    if (ownCallbacks.isPresent() && !(Thread.currentThread() instanceof CallbackThread)) {
      try {
        if (!ownCallbacks
            .get()
            .awaitTermination(CALLBACK_GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
          interrupt(ownCallbacks.get());
        }
      } catch (InterruptedException e) {
        interrupt(ownCallbacks.get());
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Listeners hear no more, but whoever waits for a future must not wait for ever. */
  private static void interrupt(ExecutorService callbacks) {
    for (Runnable left : callbacks.shutdownNow()) {
      if (left instanceof Notifier.Completion completion) {
        completion.runElsewhere();
      }
    }
  }

  CompletableFuture<Void> closeAsync() {
    synchronized (this) {
      if (!closing) {
        closing = true;
        loop.execute(
            () -> {
              loop.schedule(REVOKE_BOUND, this::finish);
              leases.close().thenRun(this::finish);
            });
      }
    }
    return closed;
  }

  private void finish() {
    if (!closed.isDone()) {
      List.copyOf(subjects).forEach(Subject::onSessionClosed);
      subjects.clear();
      machine.stop();
      client.close();
      loop.close();
      closed.complete(null);
    }
  }
}
