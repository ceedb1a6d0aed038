package io.registryetcd;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a server out of service without a failed call: deregisters, goes on serving until clients
 * have noticed, and only then stops the server.
 *
 * <pre>{@code
 * GracefulShutdown.of(hello)
 *     .drainDelay(Duration.ofSeconds(6))
 *     .then(server::shutdown)                            // gRPC's returns at once
 *     .then(() -> server.awaitTermination(5, SECONDS))
 *     .installHook();
 * }</pre>
 *
 * <p>The order is: the keys are deleted, and a lease that nothing else uses is revoked; the server
 * goes on for the drain delay; the steps given by {@link #then} run one after the other (stop
 * accepting, finish calls in flight); the registry is closed, if it is to be. It runs once, on
 * SIGTERM or by {@link #run()}; a second call waits for the first, unless it comes from a step. To
 * be set up by one thread, to be run by any.
 *
 * @since 0.1
 */
public final class GracefulShutdown {

  private static final Logger logger = LoggerFactory.getLogger(GracefulShutdown.class);
  private static final Duration DEREGISTER_BOUND = Duration.ofSeconds(1);

  private final List<LeasedRegistration> registrations;
  private final Set<EtcdRegistry> registries;
  private final List<Step> steps = new ArrayList<>();
  private final AtomicReference<@Nullable Thread> runner = new AtomicReference<>();
  private final CountDownLatch done = new CountDownLatch(1);
  private Duration drainDelay = Duration.ofSeconds(6);

  /** Something to do after the drain delay; what it throws is logged. */
  @FunctionalInterface
  public interface Step {

    /**
     * Does it.
     *
     * @throws Exception if it fails
     */
    void run() throws Exception;
  }

  private GracefulShutdown(List<LeasedRegistration> registrations, Set<EtcdRegistry> registries) {
    this.registrations = registrations;
    this.registries = registries;
  }

  /**
   * A shutdown of the server behind these registrations. Their registries stay open, unless it runs
   * because the JVM exits.
   *
   * @param registrations what to deregister first
   * @return the shutdown, not yet installed
   */
  public static GracefulShutdown of(Registration... registrations) {
    List<LeasedRegistration> all = new ArrayList<>();
    for (Registration registration : registrations) {
      if (!(registration instanceof LeasedRegistration leased)) {
        throw new IllegalArgumentException(
            "registration: " + registration + " (expected: one made by EtcdRegistry.register)");
      }
      all.add(leased);
    }
    return new GracefulShutdown(all, Set.of());
  }

  /**
   * A shutdown of a registry with everything that is registered when it runs. The registry is
   * closed at its end.
   *
   * @param registry the registry
   * @return the shutdown, not yet installed
   */
  public static GracefulShutdown of(EtcdRegistry registry) {
    return new GracefulShutdown(List.of(), Set.of(registry));
  }

  /**
   * How long to go on serving after the keys are gone. Default 6 s, because a Kitex client polls
   * every 5 s; clients that watch need a fraction of a second.
   *
   * @param delay not negative
   * @return this
   */
  public GracefulShutdown drainDelay(Duration delay) {
    drainDelay = Checks.atLeast("drainDelay", delay, Duration.ZERO);
    return this;
  }

  /**
   * A step to take after the drain delay, such as stopping the server. A step that fails is logged,
   * and the next one runs. After the last one the JVM may halt: a step that only begins something
   * needs another that waits for its end.
   *
   * @param step runs on the thread that runs the shutdown; bound it
   * @return this
   */
  public GracefulShutdown then(Step step) {
    steps.add(step);
    return this;
  }

  /**
   * Runs when the JVM exits: on SIGTERM, on Ctrl-C, after {@code System.exit}. Then all that is
   * registered in the same registries is deregistered too, and they are closed.
   *
   * @return this
   */
  public GracefulShutdown installHook() {
    Set<EtcdRegistry> ending = new LinkedHashSet<>(registries);
    registrations.forEach(registration -> ending.add(registration.registry()));
    ending.forEach(EtcdRegistry::leaveShutdownToOthers);
    new ShutdownHook("graceful", () -> run(ending));
    return this;
  }

  /** Runs now, and returns when all is done. */
  public void run() {
    run(registries);
  }

  private void run(Set<EtcdRegistry> ending) {
    if (runner.compareAndSet(null, Thread.currentThread())) {
      try {
        shutDown(ending);
      } finally {
        done.countDown();
      }
    } else if (runner.get() == Thread.currentThread()) {
      return; // one of our steps asks for what is under way
    } else {
      awaitDone();
    }
    // after an earlier run the exit of the JVM still has to close them
    ending.forEach(EtcdRegistry::close);
  }

  private void shutDown(Set<EtcdRegistry> ending) {
    Set<LeasedRegistration> all = new LinkedHashSet<>(registrations);
    ending.forEach(registry -> all.addAll(registry.leased()));
    all.removeIf(registration -> registration.state() == Registration.State.CLOSED);
    if (!all.isEmpty()) {
      boolean deregistered = Waiting.atMost(DEREGISTER_BOUND, EtcdRegistry.deregisterAll(all));
      logger.info(
          "{} {}; serving on for {}",
          deregistered ? "deregistered" : "etcd does not answer; the lease will end",
          all,
          drainDelay);
      pauseFor(drainDelay);
    }
    steps.forEach(GracefulShutdown::take);
    logger.info("shut down");
  }

  private static void take(Step step) {
    try {
      step.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception | Error e) {
      logger.warn("a step of the shutdown failed; going on with the next", e);
    }
  }

  private static void pauseFor(Duration delay) {
    try {
      TimeUnit.NANOSECONDS.sleep(TimeUnit.NANOSECONDS.convert(delay));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitDone() {
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
