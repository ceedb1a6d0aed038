package io.registryetcd;

import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.sim.Host;
import io.registryetcd.sim.SimEtcdClient;
import io.registryetcd.sim.VirtualScheduler;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A simulated process with one session: the production engine on virtual time. */
final class SimProcess {

  private static final int LONGEST_CALLBACK_DELAY = 5_000_000;
  private static final long CLOSE_BOUND = 2_000_000_000L;

  /** A registration, and what was done with it. */
  static final class Entry {
    private final Registration registration;
    private final long since;
    private boolean closing;
    private boolean paused;

    private Entry(Registration registration, long since) {
      this.registration = registration;
      this.since = since;
    }

    Registration registration() {
      return registration;
    }

    /** When it was made. */
    long since() {
      return since;
    }

    /** Whether its key is to be in etcd. */
    boolean isWanted() {
      return !closing && !paused;
    }

    boolean isClosing() {
      return closing;
    }

    @Override
    public String toString() {
      return registration + registration.problem().map(p -> " " + p.getMessage()).orElse("");
    }
  }

  private final VirtualScheduler scheduler;
  private final RandomGenerator random;
  private final SimulationChecks checks;
  private final SimEtcdClient client;
  private final SimLoop loop;
  private final EtcdSession session;
  private final EtcdRegistry registry;
  private final EtcdResolver resolver;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final List<SimFollower> followers = new ArrayList<>();
  private @Nullable CompletableFuture<Void> closed;
  private long closeBy;
  private int endings;
  private boolean crashed;
  private long resumedAt;

  SimProcess(
      VirtualScheduler scheduler,
      RandomGenerator random,
      SimulationChecks checks,
      SimEtcdClient client,
      UnaryOperator<EtcdClient> decorator,
      EtcdConfig config) {
    this.scheduler = scheduler;
    this.random = random;
    this.checks = checks;
    this.client = client;
    this.loop = new SimLoop(scheduler, client.host());
    this.session =
        EtcdSession.create(config, decorator.apply(client), loop, random, this::callBack);
    this.registry = EtcdRegistry.create(session);
    this.resolver = EtcdResolver.create(session);
  }

  /** An executor of many threads: no order, and a delay. */
  private void callBack(Runnable task) {
    scheduler.after(random.nextInt(LONGEST_CALLBACK_DELAY), client.host(), task);
  }

  // --- what its code does

  /** Registers, if that key is not registered here. */
  void register(String service, Instance instance) {
    boolean taken =
        registry.registrations().stream()
            .anyMatch(
                r ->
                    r.service().equals(service)
                        && r.instance().address().equals(instance.address()));
    if (!taken && isRunning()) {
      Registration registration = registry.register(service, instance);
      trace("registers %s %s", registration.key(), instance);
      registration.onStateChange(
          change ->
              trace(
                  "%s -> %s, %s: %s",
                  change.from(), change.to(), change.reason(), change.message()));
      entries.put(registration.key(), new Entry(registration, scheduler.now()));
    }
  }

  void deregister(Entry entry) {
    trace("deregisters %s", entry.registration.key());
    endings++;
    entry.closing = true;
    ((LeasedRegistration) entry.registration).closeAsync();
  }

  void pauseOrResume(Entry entry) {
    entry.paused = !entry.paused;
    trace("%s %s", entry.paused ? "pauses" : "resumes", entry.registration.key());
    if (entry.paused) {
      endings++;
      entry.registration.pause();
    } else {
      entry.registration.resume();
    }
  }

  void update(Entry entry, int weight, Map<String, String> tags) {
    trace("updates %s to %d %s", entry.registration.key(), weight, tags);
    entry.registration.update(weight, tags);
  }

  void open(String service) {
    trace("opens a view of %s", service);
    followers.add(new SimFollower(checks, client, resolver.view(service)));
  }

  void close(SimFollower follower) {
    trace("closes its view of %s", follower.service());
    followers.remove(follower);
    follower.view().close();
  }

  /** Closes everything in good order. */
  void close() {
    if (isRunning()) {
      trace("closes");
      endings++;
      closeBy = scheduler.now() + CLOSE_BOUND;
      followers.clear();
      CompletableFuture<Void> all = new CompletableFuture<>();
      closed = all;
      registry
          .closeAsync()
          .thenCompose(done -> session.closeAsync())
          .thenRun(() -> all.complete(null));
    }
  }

  void crash() {
    trace("is killed");
    crashed = true;
    followers.clear();
    client.crash();
  }

  void pause() {
    trace("stands still");
    client.host().pause();
  }

  void resume() {
    if (client.host().isPaused()) {
      trace("goes on");
      resumedAt = scheduler.now();
      followers.forEach(SimFollower::forgive);
      closeBy = Math.max(closeBy, scheduler.now() + CLOSE_BOUND);
      client.host().resume();
    }
  }

  private void trace(String what, Object... arguments) {
    checks.trace().add(name(), what, arguments);
  }

  // --- what the checks look at

  String name() {
    return client.name();
  }

  SimEtcdClient client() {
    return client;
  }

  Host host() {
    return client.host();
  }

  /** Neither closed nor killed. */
  boolean isRunning() {
    return closed == null && !crashed;
  }

  List<SimFollower> followers() {
    return followers;
  }

  Optional<Entry> entry(String key) {
    return Optional.ofNullable(entries.get(key));
  }

  /** The registrations that it made last, for each key. */
  Collection<Entry> entries() {
    return entries.values();
  }

  boolean hasOpenEntries() {
    return isRunning() && entries.values().stream().anyMatch(entry -> !entry.closing);
  }

  /** How often something of it was closed or paused. */
  int endings() {
    return endings;
  }

  /** P9 and the bound of close(). */
  void checkBounds(int mostAttempts, long longestSilence) {
    if (client.mostAttempts() > mostAttempts) {
      throw checks.fail("P9", name() + ": " + client.mostAttempts() + " attempts within a second");
    }
    if (client.pausesWithoutJitter() > 2) {
      throw checks.fail("P9", name() + ": pauses without jitter");
    }
    if (crashed || host().isPaused()) {
      return;
    }
    boolean works = isRunning() && (hasOpenEntries() || !followers.isEmpty());
    long since = Math.max(resumedAt, client.lastActivity());
    if (works && !client.hasOpenStream() && scheduler.now() - since > longestSilence) {
      throw checks.fail("P9", name() + ": no stream is open, and nothing is tried");
    }
    CompletableFuture<Void> closing = closed;
    if (closing != null && !closing.isDone() && scheduler.now() > closeBy) {
      throw checks.fail("I5", name() + ": close() takes longer than its bound");
    }
    if (closing != null && closing.isDone() && (!client.isClosed() || !loop.isClosed())) {
      throw checks.fail("I5", name() + ": closed, but its client or loop is not");
    }
  }
}
