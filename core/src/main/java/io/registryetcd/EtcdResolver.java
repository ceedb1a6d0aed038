package io.registryetcd;

/**
 * Finds the instances of services, and keeps them up to date by watching etcd.
 *
 * <pre>{@code
 * try (EtcdResolver resolver = EtcdResolver.create("127.0.0.1:2379")) {
 *   Snapshot now = resolver.resolve("Hello");
 * }
 * }</pre>
 *
 * <p>Make one and share it: it is safe for use by many threads, and all services share one
 * connection, one watch stream and a constant number of threads.
 *
 * @since 0.1
 */
public final class EtcdResolver implements AutoCloseable {

  private final EtcdSession session;
  private final boolean ownsSession;
  private final Views views;

  private EtcdResolver(EtcdSession session, boolean ownsSession) {
    this.session = session;
    this.ownsSession = ownsSession;
    this.views = new Views(session);
  }

  /**
   * A resolver with all defaults. Does not connect before it is used.
   *
   * @param endpoints where etcd listens, such as {@code 127.0.0.1:2379}
   * @return the resolver, to be closed by the caller
   */
  public static EtcdResolver create(String... endpoints) {
    return create(EtcdConfig.of(endpoints));
  }

  /**
   * A resolver with these settings. Does not connect before it is used.
   *
   * @param config the settings
   * @return the resolver, to be closed by the caller
   * @throws IllegalArgumentException if a TLS file cannot be loaded
   */
  public static EtcdResolver create(EtcdConfig config) {
    return new EtcdResolver(EtcdSession.create(config), true);
  }

  /**
   * A resolver that shares a session, which it does not close.
   *
   * @param session the session
   * @return the resolver
   */
  public static EtcdResolver create(EtcdSession session) {
    return new EtcdResolver(session, false);
  }

  /**
   * The instances of a service, at least one. The first call lists them and begins to watch, and
   * waits at most {@link EtcdConfig.Builder#resolveTimeout} (3 s) for it; later calls read memory,
   * also while etcd is away.
   *
   * @param service the service's name
   * @return a snapshot that is not empty
   * @throws NoInstanceException if there is none, with the reason
   * @throws IllegalArgumentException if the name is illegal
   */
  public Snapshot resolve(String service) {
    return views.resolve(service);
  }

  /**
   * A live view of a service, open until closed. Never blocks.
   *
   * @param service the service's name
   * @return the view
   * @throws IllegalArgumentException if the name is illegal
   */
  public ServiceView view(String service) {
    return views.open(service);
  }

  /**
   * What this resolver's answers depend on, for caches of resolvers: endpoints and layout.
   *
   * @return a text without secrets
   */
  public String name() {
    return session.name();
  }

  /**
   * Ends all views and, unless it is shared, the connection. Bounded by 2 s, callable more than
   * once and from anywhere.
   */
  @Override
  public void close() {
    views.close();
    if (ownsSession) {
      session.close();
    }
  }
}
