package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.sim.SimEtcd;
import io.registryetcd.sim.SimEtcdClient;
import io.registryetcd.sim.SimTrace;
import io.registryetcd.sim.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * One run: some processes with the production engine, a simulated etcd, rounds of random faults,
 * and after each round the proof that everything has come to rest as it should. The seed decides
 * everything.
 *
 * <p>Time is virtual and there are no threads, so a run of minutes takes milliseconds, and can be
 * repeated exactly.
 */
@SuppressWarnings("exports") // public for the other package of the simulation, not for users
public final class Simulation {

  private static final Duration ROUND = Duration.ofSeconds(8);
  private static final Duration STEP = Duration.ofMillis(200);
  private static final Duration SLACK = Duration.ofSeconds(14);
  private static final Duration LATEST_EXECUTION = Duration.ofSeconds(9);
  private static final Duration SLOW_PACE = Duration.ofSeconds(40);
  private static final Duration FAST = Duration.ofMillis(50);
  private static final Duration REPLACEMENT = Duration.ofMillis(700);
  private static final long LONGEST_SILENCE = Duration.ofSeconds(12).toNanos();
  private static final int MOST_TASKS = 500_000;
  private static final int MOST_ATTEMPTS = 60;

  private final SplittableRandom random;
  private final UnaryOperator<EtcdClient> decorator;
  private final VirtualScheduler scheduler;
  private final SimTrace trace;
  private final EtcdConfig config;
  private final SimulationChecks checks;
  private final SimEtcd etcd;
  private final SimulationPeople people;
  private final SimulationFaults faults;
  private final List<String> services = new ArrayList<>();
  private final List<SimProcess> processes = new ArrayList<>();
  private int names;

  private Simulation(long seed, UnaryOperator<EtcdClient> decorator, int traceLines) {
    this.random = new SplittableRandom(seed);
    this.decorator = decorator;
    this.scheduler = new VirtualScheduler(random.split());
    this.trace = new SimTrace(scheduler, traceLines);
    this.config = config();
    this.checks = new SimulationChecks(scheduler, trace, config);
    int members = random.nextInt(3) == 0 ? 3 : 1;
    this.etcd = new SimEtcd(scheduler, random.split(), trace, checks, members);
    checks.watchOver(etcd);
    SimulationDice dice = new SimulationDice(this, scheduler, etcd, config, random.split());
    this.people = new SimulationPeople(this, etcd, config, dice);
    this.faults = new SimulationFaults(this, etcd, config, dice, people);
  }

  private EtcdConfig config() {
    List<Integer> ttls = List.of(2, 3, 5, 6, 10);
    List<Integer> retryDelays = List.of(1, 3, 10);
    List<Integer> holdTimes = List.of(0, 3, 15);
    ConflictPolicy[] policies = ConflictPolicy.values();
    return EtcdConfig.builder()
        .endpoints("127.0.0.1:2379")
        .shutdownHook(false)
        .environment(Map.of())
        .leaseTtl(Duration.ofSeconds(choose(ttls)))
        .retry(
            RetryConfig.DEFAULT
                .withRetryDelay(Duration.ofSeconds(choose(retryDelays)))
                .withObserveDelay(Duration.ofSeconds(30)))
        .antiEntropyPeriod(Duration.ofSeconds(random.nextInt(4) == 0 ? 3 : 60))
        .holdTime(Duration.ofSeconds(choose(holdTimes)))
        .holdMajorityLoss(random.nextInt(3) == 0)
        .conflictPolicy(random.nextInt(3) == 0 ? choose(List.of(policies)) : ConflictPolicy.WAIT)
        .build();
  }

  private <T> T choose(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /** Runs one seed; a failure carries the last lines of its trace. */
  public static void run(long seed) {
    run(seed, UnaryOperator.identity());
  }

  /** Runs one seed with another client than the simulated one between it and the engine. */
  public static void run(long seed, UnaryOperator<EtcdClient> decorator) {
    new Simulation(seed, decorator, 0).run();
  }

  /** Runs one seed, and returns what happened together with the failure, if there is one. */
  public static List<String> trace(long seed, UnaryOperator<EtcdClient> decorator, int lines) {
    Simulation simulation = new Simulation(seed, decorator, lines);
    try {
      simulation.run();
    } catch (SimulationFailure e) {
      simulation.trace.add("FAILED", "%s", e.getMessage());
    }
    return simulation.trace.lines();
  }

  // --- the run

  private void run() {
    begin();
    int rounds = 1 + random.nextInt(3);
    for (int i = 0; i < rounds; i++) {
      faults.schedule(1 + random.nextInt(8), ROUND);
      runFor(ROUND);
      faults.heal();
      trace.add("---", "faults stop");
      settle();
    }
    runFor(LATEST_EXECUTION);
    settle();
    disturb();
    end();
  }

  private void begin() {
    int serviceCount = 1 + random.nextInt(3);
    IntStream.range(0, serviceCount).forEach(i -> services.add("s" + i));
    ByteString filler = ByteString.copyFromUtf8("filler");
    IntStream.range(0, random.nextInt(60))
        .forEach(i -> etcd.operator().put(filler, ByteString.EMPTY, 0));
    int processCount = 2 + random.nextInt(3);
    for (int i = 0; i < processCount; i++) {
      scheduler.after(
          random.nextLong(ROUND.toNanos() / 8), scheduler.host("start"), this::startProcess);
    }
    startProcess();
    runFor(Duration.ofMillis(random.nextInt(2000)));
  }

  /** In good order a lost key or lease is replaced within half a second and some round trips. */
  private void disturb() {
    if (!etcd.isWhole() || isAnyMisled()) {
      return;
    }
    trace.add("---", "one disturbance");
    people.disturb();
    settleWithin(REPLACEMENT.plus(slowestMessage().multipliedBy(8)));
  }

  /** In good order nothing is left behind. */
  private void end() {
    trace.add("---", "all close");
    boolean inOrder = etcd.isWhole() && !isAnyMisled();
    processes.forEach(SimProcess::close);
    runFor(Duration.ofSeconds(3));
    if (inOrder) {
      settleWithin(Duration.ZERO);
      if (slowestMessage().compareTo(FAST) < 0 && !leasesProblem().isEmpty()) {
        throw checks.fail("P8", "after all were closed: " + leasesProblem());
      }
    }
    settle();
  }

  private boolean isAnyMisled() {
    return processes.stream().anyMatch(checks::isMisled);
  }

  private Duration slowestMessage() {
    return Duration.ofNanos(
        processes.stream().mapToLong(p -> p.client().longestLatency()).max().orElse(0));
  }

  private void settleWithin(Duration bound) {
    long end = scheduler.now() + bound.toNanos();
    while (true) {
      String problem = keysProblem() + viewsProblem();
      if (problem.isEmpty()) {
        return;
      }
      if (scheduler.now() >= end) {
        throw checks.fail("P4/P7", bound + " is not enough: " + problem);
      }
      runFor(STEP.dividedBy(10));
    }
  }

  // --- processes

  List<SimProcess> processes() {
    return processes;
  }

  List<String> services() {
    return services;
  }

  /** An instance at one of few addresses, so that two processes may want the same. */
  Instance newInstance() {
    return Instance.of("10.0.0." + random.nextInt(6), 80).withWeight(1 + random.nextInt(20));
  }

  /** Starts a process that registers, or resolves, or both. */
  void startProcess() {
    SimProcess process = newProcess();
    boolean serves = random.nextInt(3) > 0;
    if (serves) {
      int count = 1 + random.nextInt(2);
      for (int i = 0; i < count; i++) {
        process.register(choose(services), newInstance());
      }
    }
    if (!serves || random.nextInt(3) == 0) {
      services.stream().filter(s -> random.nextInt(3) > 0).forEach(process::open);
    }
  }

  /** Starts a process that registers what a dead one had registered. */
  void startInPlaceOf(SimProcess dead) {
    SimProcess process = newProcess();
    for (SimProcess.Entry entry : dead.entries()) {
      process.register(entry.registration().service(), entry.registration().instance());
    }
  }

  private SimProcess newProcess() {
    List<Integer> endpoints = new ArrayList<>(IntStream.range(0, etcd.size()).boxed().toList());
    Collections.shuffle(endpoints, new java.util.Random(random.nextLong()));
    Duration latency =
        Duration.ofNanos(
            (random.nextInt(8) == 0 ? 40 : 1) * (100_000L + random.nextInt(2_000_000)));
    SimEtcdClient client =
        new SimEtcdClient(etcd, scheduler.host("p" + ++names), endpoints, latency);
    SimProcess process =
        new SimProcess(scheduler, random.split(), checks, client, decorator, config);
    processes.add(process);
    checks.add(process);
    return process;
  }

  // --- time

  private void runFor(Duration duration) {
    long end = scheduler.now() + duration.toNanos();
    while (scheduler.now() < end) {
      long until = Math.min(end, scheduler.now() + STEP.toNanos());
      while (scheduler.runNext(until)) {
        look();
      }
      checkBounds();
    }
  }

  private void look() {
    for (SimProcess process : processes) {
      process.followers().forEach(SimFollower::look);
    }
    checks.throwFailure();
    if (scheduler.executed() > MOST_TASKS) {
      throw checks.fail("P9", "this never ends");
    }
  }

  private void checkBounds() {
    long longestHold = config.holdTime.plus(Duration.ofSeconds(1)).toNanos();
    for (SimProcess process : processes) {
      process.checkBounds(MOST_ATTEMPTS, LONGEST_SILENCE);
      process.followers().forEach(follower -> follower.checkTime(longestHold));
    }
  }

  /** Waits until everything is as it should be, each thing within its bound. */
  private void settle() {
    long start = scheduler.now();
    boolean viewsWereRight = false;
    boolean keysWereRight = false;
    while (true) {
      String views = viewsProblem();
      String keys = keysProblem() + leasesProblem();
      String told = toldProblem();
      viewsWereRight |= views.isEmpty();
      keysWereRight |= keys.isEmpty();
      if (views.isEmpty() && keys.isEmpty() && told.isEmpty()) {
        break;
      }
      long waited = scheduler.now() - start;
      Duration viewBound = viewBound();
      Duration keyBound = viewBound.plus(keyBound());
      check("P4", viewsWereRight, views, waited, viewBound);
      check("P7", keysWereRight, keys, waited, keyBound);
      check("P4/P7", false, views + keys + told, waited, keyBound.plus(config.holdTime));
      runFor(STEP);
    }
  }

  /**
   * A round trip, a backoff, a deadline; where only a list can show what happened, the time until
   * the next one.
   */
  private Duration viewBound() {
    return isAnyMisled() ? SLACK.plus(checks.untilRead()) : SLACK;
  }

  /**
   * The leases of the dead must end first; and what was refused too often is asked for again at a
   * slow pace.
   */
  private Duration keyBound() {
    Duration expiry = config.leaseTtl().multipliedBy(2);
    return checks.wasRefusedWithin(SLOW_PACE.multipliedBy(2)) ? expiry.plus(SLOW_PACE) : expiry;
  }

  private void check(String property, boolean held, String problem, long waited, Duration bound) {
    if (!held && waited > bound.toNanos()) {
      throw checks.fail(property, bound + " after the faults: " + problem);
    }
  }

  private String keysProblem() {
    return checks.unsettledKeys(etcd.store(), services);
  }

  private String leasesProblem() {
    return checks.unsettledLeases(etcd.leases().all());
  }

  private String viewsProblem() {
    return followerProblem(SimFollower::lag);
  }

  private String toldProblem() {
    return followerProblem(SimFollower::unsettled);
  }

  private String followerProblem(java.util.function.Function<SimFollower, String> problem) {
    for (SimProcess process : processes) {
      for (SimFollower follower : process.followers()) {
        String found = problem.apply(follower);
        if (!found.isEmpty()) {
          return found;
        }
      }
    }
    return "";
  }
}
