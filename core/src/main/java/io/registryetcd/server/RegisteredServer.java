package io.registryetcd.server;

import io.registryetcd.GracefulShutdown;
import io.registryetcd.Registration;
import io.registryetcd.RegistryException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A running server and its registrations in etcd.
 *
 * <pre>{@code
 * RegisteredServer<Server> server = EtcdGrpc.register(registry, "Hello", builder);
 * server.shutdownOnExit();
 * server.awaitTermination();
 * }</pre>
 *
 * <p>{@link #shutdown} and {@link #shutdownOnExit} lose no call: the server is deregistered, serves
 * on for the drain delay, and only then accepts nothing new and lets calls under way end. Safe for
 * use by many threads. The registry stays open, unless the JVM exits.
 *
 * @param <S> the kind of server
 * @since 0.1
 */
public final class RegisteredServer<S> implements AutoCloseable {

  private static final Duration CLOSE_GRACE = Duration.ofSeconds(1);

  private final S server;
  private final ServerControl control;
  private final List<Registration> registrations;
  private final Duration grace;
  private final GracefulShutdown order;

  RegisteredServer(
      S server,
      ServerControl control,
      List<Registration> registrations,
      Duration drainDelay,
      Duration grace) {
    this.server = server;
    this.control = control;
    this.registrations = List.copyOf(registrations);
    this.grace = grace;
    this.order = shutdown(drainDelay, grace);
  }

  /**
   * The server.
   *
   * @return the server, running until shut down
   */
  public S server() {
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
  public RegisteredServer<S> awaitRegistered(Duration timeout) {
    long end = System.nanoTime() + TimeUnit.NANOSECONDS.convert(timeout);
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
  public RegisteredServer<S> shutdownOnExit() {
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
    control.awaitTermination();
  }

  /**
   * Deregisters and stops at once: no drain delay, at most 1 s for calls under way. For tests, and
   * when {@link #shutdown} takes too long. May be called more than once.
   */
  @Override
  public void close() {
    Duration shorter = grace.compareTo(CLOSE_GRACE) < 0 ? grace : CLOSE_GRACE;
    shutdown(Duration.ZERO, shorter).run();
  }

  private GracefulShutdown shutdown(Duration drain, Duration graceOfStop) {
    return GracefulShutdown.of(registrations.toArray(Registration[]::new))
        .drainDelay(drain)
        .then(() -> control.stop(graceOfStop));
  }
}
