package io.registryetcd.grpc;

import io.grpc.Server;
import io.registryetcd.GracefulShutdown;
import io.registryetcd.Registration;
import io.registryetcd.RegistryException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A running gRPC server and its registrations in etcd.
 *
 * <pre>{@code
 * RegisteredServer server = EtcdGrpc.register(registry, "Hello", builder);
 * server.shutdownOnExit();
 * server.awaitTermination();
 * }</pre>
 *
 * <p>{@link #shutdown} and {@link #shutdownOnExit} lose no call: the server is deregistered, serves
 * on for the drain delay, says NOT_SERVING to health checks, accepts nothing new and lets calls
 * under way end. Safe for use by many threads. The registry stays open, unless the JVM exits.
 *
 * @since 0.1
 */
public final class RegisteredServer implements AutoCloseable {

  private static final Duration CLOSE_GRACE = Duration.ofSeconds(1);

  private final Server server;
  private final List<Registration> registrations;
  private final Optional<ServingStatus> health;
  private final Duration grace;
  private final GracefulShutdown order;

  RegisteredServer(
      Server server,
      List<Registration> registrations,
      Optional<ServingStatus> health,
      Duration drainDelay,
      Duration grace) {
    this.server = server;
    this.registrations = List.copyOf(registrations);
    this.health = health;
    this.grace = grace;
    this.order =
        GracefulShutdown.of(registrations.toArray(Registration[]::new))
            .drainDelay(drainDelay)
            .then(() -> health.ifPresent(ServingStatus::notServing))
            .then(() -> stop(server, grace));
  }

  /**
   * The server.
   *
   * @return the server, running until shut down
   */
  public Server server() {
    return server;
  }

  /**
   * The registrations, one for each name, in the order in which the names were given.
   *
   * @return an unmodifiable list, not empty
   */
  public List<Registration> registrations() {
    return registrations;
  }

  /**
   * Waits until the server is registered under all its names. Not needed; for those who want to
   * know.
   *
   * @param timeout how long at most
   * @return this
   * @throws RegistryException the typed cause, if not registered in time
   */
  public RegisteredServer awaitRegistered(Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    for (Registration registration : registrations) {
      registration.await(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
    return this;
  }

  /**
   * Shuts down in order when the JVM exits: on SIGTERM, on Ctrl-C, after {@code System.exit}. The
   * registry is closed at the end.
   *
   * @return this
   */
  public RegisteredServer shutdownOnExit() {
    order.installHook();
    return this;
  }

  /**
   * Shuts down in order, and returns when all is done: after the drain delay and at most the grace.
   * A second call waits for the first.
   */
  public void shutdown() {
    order.run();
  }

  /**
   * Waits until the server has ended.
   *
   * @throws InterruptedException if interrupted
   */
  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }

  /**
   * Deregisters and stops at once: no drain delay, at most 1 s for calls under way. For tests, and
   * when {@link #shutdown} takes too long. May be called more than once.
   */
  @Override
  public void close() {
    registrations.forEach(Registration::close);
    health.ifPresent(ServingStatus::notServing);
    stop(server, grace.compareTo(CLOSE_GRACE) < 0 ? grace : CLOSE_GRACE);
  }

  private static void stop(Server server, Duration grace) {
    server.shutdown();
    try {
      if (!server.awaitTermination(grace.toNanos(), TimeUnit.NANOSECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
