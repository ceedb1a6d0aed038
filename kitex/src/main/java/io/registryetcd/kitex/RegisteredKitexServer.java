package io.registryetcd.kitex;

import io.registryetcd.GracefulShutdown;
import io.registryetcd.Registration;
import io.registryetcd.RegistryException;
import java.time.Duration;
import java.util.List;

/**
 * A running {@link KitexServer} and its registrations in etcd.
 *
 * <pre>{@code
 * RegisteredKitexServer server = KitexRegistration.of(registry).service("Hello").start(builder);
 * server.shutdownOnExit();
 * server.awaitTermination();
 * }</pre>
 *
 * <p>{@link #shutdown} and {@link #shutdownOnExit} lose no call: the server is deregistered, serves
 * on for the drain delay, and only then accepts nothing new, tells its clients to drop their
 * connections, and lets calls under way end. Safe for use by many threads. The registry stays open,
 * unless the JVM exits.
 *
 * @since 0.1
 */
public final class RegisteredKitexServer implements AutoCloseable {

  private final KitexServer server;
  private final List<Registration> registrations;
  private final GracefulShutdown order;

  RegisteredKitexServer(
      KitexServer server, List<Registration> registrations, Duration drainDelay, Duration grace) {
    this.server = server;
    this.registrations = List.copyOf(registrations);
    this.order =
        GracefulShutdown.of(registrations.toArray(Registration[]::new))
            .drainDelay(drainDelay)
            .then(() -> server.shutdown(grace));
  }

  /**
   * The server.
   *
   * @return the server, running until shut down
   */
  public KitexServer server() {
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
  public RegisteredKitexServer awaitRegistered(Duration timeout) {
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
  public RegisteredKitexServer shutdownOnExit() {
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
    server.close();
  }
}
