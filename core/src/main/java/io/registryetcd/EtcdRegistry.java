package io.registryetcd;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps services of this process registered in etcd.
 *
 * <pre>{@code
 * EtcdRegistry registry = EtcdRegistry.create("127.0.0.1:2379");
 * Registration hello = registry.register("Hello", Instance.of("0.0.0.0", 8888).withWeight(10));
 * GracefulShutdown.of(hello).then(server::stop).installHook();   // if stop() waits
 * }</pre>
 *
 * <p>Make one and register as many services as there are: they share one lease, one connection and
 * a constant number of threads. Safe for use by many threads. What is still registered when the JVM
 * exits is deregistered by a shutdown hook.
 *
 * @since 0.1
 */
public final class EtcdRegistry implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(EtcdRegistry.class);
  private static final Duration DEREGISTER_BOUND = Duration.ofSeconds(1);
  private static final Duration CLOSE_BOUND = Duration.ofSeconds(2);

  private final EtcdSession session;
  private final boolean ownsSession;
  private final Map<String, LeasedRegistration> registrations = new ConcurrentHashMap<>();
  private final OwnKeyCheck ownKeyCheck;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final @Nullable ShutdownHook hook;
  private boolean closing;

  private EtcdRegistry(EtcdSession session, boolean ownsSession) {
    this.session = session;
    this.ownsSession = ownsSession;
    this.ownKeyCheck = new OwnKeyCheck(session, registrations.values());
    this.hook = session.config().shutdownHook ? new ShutdownHook("registry", this::close) : null;
  }

  /**
   * A registry with all defaults. Does not connect before it is used.
   *
   * @param endpoints where etcd listens, such as {@code 127.0.0.1:2379}
   * @return the registry, to be closed by the caller
   */
  public static EtcdRegistry create(String... endpoints) {
    return create(EtcdConfig.of(endpoints));
  }

  /**
   * A registry with these settings. Does not connect before it is used.
   *
   * @param config the settings
   * @return the registry, to be closed by the caller
   * @throws IllegalArgumentException if a TLS file cannot be loaded
   */
  public static EtcdRegistry create(EtcdConfig config) {
    return new EtcdRegistry(EtcdSession.create(config), true);
  }

  /**
   * A registry that shares a session, which it does not close.
   *
   * @param session the session
   * @return the registry
   */
  public static EtcdRegistry create(EtcdSession session) {
    return new EtcdRegistry(session, false);
  }

  /**
   * Registers an instance of a service, and keeps it registered until closed. Does not wait for
   * etcd. A key that is already there, of an earlier process at the same address, is taken over.
   *
   * @param service the service's name
   * @param instance where it listens; a wildcard host and port 0 are replaced as {@link
   *     AddressPolicy} says
   * @return the registration
   * @throws IllegalArgumentException if a name, address, tag or environment variable is illegal
   * @throws IllegalStateException if the same address of the same service is registered in this
   *     session already, or this is closed
   * @throws RegistryException if the machine has no address to stand for a wildcard host
   */
  public Registration register(String service, Instance instance) {
    EtcdConfig config = session.config();
    AdvertisedAddress advertised =
        config.addressPolicy.resolve(instance, config.layout, config.environment);
    LeasedRegistration registration =
        new LeasedRegistration(this, session, service, advertised.instance());
    synchronized (this) {
      if (closing) {
        throw new IllegalStateException("registry closed, cannot register " + registration.key());
      }
      if (!session.claim(registration.key())) {
        throw new IllegalStateException(
            "registered already: "
                + registration.key()
                + " (expected: another address, or close() of the earlier registration first)");
      }
      registrations.put(registration.key(), registration);
      try {
        // in the lock, so that close() comes after it on the loop
        session.begin(
            "register " + registration.key(),
            () -> {
              logger.info("registering {}: {}", registration.key(), advertised.reason());
              ownKeyCheck.start();
              registration.start();
            });
      } catch (IllegalStateException sessionClosed) {
        forget(registration);
        throw sessionClosed;
      }
    }
    return registration;
  }

  /**
   * What is registered now.
   *
   * @return a copy
   */
  public List<Registration> registrations() {
    return List.copyOf(registrations.values());
  }

  List<LeasedRegistration> leased() {
    return List.copyOf(registrations.values());
  }

  void forget(LeasedRegistration registration) {
    registrations.remove(registration.key());
    session.release(registration.key());
  }

  /** Somebody else deregisters in good order when the JVM exits. */
  void leaveShutdownToOthers() {
    if (hook != null) {
      hook.remove();
    }
  }

  /**
   * Deregisters everything, goes on for a while so that clients can notice while they are still
   * served, and closes.
   *
   * @param drain how long; a Kitex client may take 5 s to notice
   */
  public void shutdown(Duration drain) {
    GracefulShutdown.of(this).drainDelay(drain).run();
  }

  /**
   * Deregisters everything and, unless it is shared, ends the connection. Bounded by 2 s, callable
   * more than once and from anywhere.
   */
  @Override
  public void close() {
    Waiting.atMost(CLOSE_BOUND, closeAsync(), session.loop());
    if (ownsSession) {
      session.endCallbacks();
    }
  }

  CompletableFuture<Void> closeAsync() {
    synchronized (this) {
      if (closing) {
        return closed;
      }
      closing = true;
    }
    leaveShutdownToOthers();
    session.loop().execute(ownKeyCheck::stop);
    CompletableFuture<Void> deregistered = deregisterAll(registrations.values());
    session
        .loop()
        .execute(
            () -> session.loop().schedule(DEREGISTER_BOUND, () -> deregistered.complete(null)));
    deregistered
        .thenCompose(
            done ->
                ownsSession ? session.closeAsync() : CompletableFuture.<Void>completedFuture(null))
        .thenRun(() -> closed.complete(null));
    return closed;
  }

  static CompletableFuture<Void> deregisterAll(Collection<LeasedRegistration> registrations) {
    return CompletableFuture.allOf(
        registrations.stream()
            .map(LeasedRegistration::closeAsync)
            .toArray(CompletableFuture<?>[]::new));
  }
}
