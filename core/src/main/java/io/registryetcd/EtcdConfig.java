package io.registryetcd;

import io.registryetcd.etcd.Endpoint;
import io.registryetcd.etcd.EtcdClientConfig;
import io.registryetcd.etcd.TlsFiles;
import io.registryetcd.layout.Layout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Every setting of a registry or resolver. Immutable; checked as a whole when built.
 *
 * <pre>{@code
 * EtcdConfig config = EtcdConfig.builder()
 *     .endpoints("10.0.0.1:2379", "10.0.0.2:2379")
 *     .user("registry", () -> secrets.read("etcd-password"))
 *     .tls(TlsConfig.trusting(Path.of("ca.pem")))
 *     .leaseTtl(Duration.ofSeconds(10))
 *     .build();
 * }</pre>
 *
 * <p>The defaults are those of the Go registry of Kitex where it has the setting: prefix {@code
 * kitex/registry-etcd}, lease time to live 60 s (or {@code KITEX_ETCD_REGISTRY_LEASE_TTL}), 3 s for
 * a connection and for a call, weight 10.
 *
 * @since 0.1
 */
public final class EtcdConfig {

  final List<String> endpoints;
  final Optional<Supplier<Credentials>> credentials;
  final Optional<TlsConfig> tls;
  final Optional<String> authority;
  final Duration dialTimeout;
  final Duration requestTimeout;
  final boolean viaProxy;
  final Layout layout;
  final Duration leaseTtl;
  final RetryConfig retry;
  final ConflictPolicy conflictPolicy;
  final AddressPolicy addressPolicy;
  final boolean shutdownHook;
  final int defaultWeight;
  final Duration resolveTimeout;
  final Duration idleViewTimeout;
  final Duration antiEntropyPeriod;
  final Duration holdTime;
  final boolean holdMajorityLoss;
  final Optional<Path> snapshotDirectory;
  final Duration snapshotMaxAge;
  final Optional<Executor> callbackExecutor;
  final Map<String, String> environment;

  private EtcdConfig(Builder b) {
    endpoints = b.endpoints;
    credentials = b.credentials;
    tls = b.tls;
    authority = b.authority;
    dialTimeout = b.dialTimeout;
    requestTimeout = b.requestTimeout;
    viaProxy = b.viaProxy;
    layout = b.layout;
    environment = b.environment;
    leaseTtl =
        b.leaseTtl
            .or(() -> AddressPolicy.leaseTtl(layout, environment))
            .orElse(Duration.ofSeconds(60));
    retry = b.retry;
    conflictPolicy = b.conflictPolicy;
    addressPolicy = b.addressPolicy;
    shutdownHook = b.shutdownHook;
    defaultWeight = b.defaultWeight;
    resolveTimeout = b.resolveTimeout;
    idleViewTimeout = b.idleViewTimeout;
    antiEntropyPeriod = b.antiEntropyPeriod;
    holdTime = b.holdTime;
    holdMajorityLoss = b.holdMajorityLoss;
    snapshotDirectory = b.snapshotDirectory;
    snapshotMaxAge = b.snapshotMaxAge;
    callbackExecutor = b.callbackExecutor;
    checkEndpoints(b.plaintextPasswordAllowed);
  }

  /**
   * A new builder with every default; only the endpoints must be set.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * All defaults with these endpoints.
   *
   * @param endpoints as for {@link Builder#endpoints(String...)}
   * @return the settings
   */
  public static EtcdConfig of(String... endpoints) {
    return builder().endpoints(endpoints).build();
  }

  /**
   * The endpoints, as they were given.
   *
   * @return an unmodifiable list
   */
  public List<String> endpoints() {
    return endpoints;
  }

  /**
   * The layout of keys and values.
   *
   * @return the layout
   */
  public Layout layout() {
    return layout;
  }

  /**
   * The time to live that is asked for the lease.
   *
   * @return the time to live
   */
  public Duration leaseTtl() {
    return leaseTtl;
  }

  private void checkEndpoints(boolean plaintextPasswordAllowed) {
    List<Endpoint> parsed = parsedEndpoints();
    Endpoint.check(parsed, tls.isPresent());
    if (credentials.isEmpty() || plaintextPasswordAllowed) {
      return;
    }
    for (Endpoint endpoint : parsed) {
      if (endpoint.isPlaintext(tls.isPresent()) && !endpoint.isLoopback()) {
        throw new IllegalArgumentException(
            "endpoint: "
                + endpoint
                + " (expected: https://, because a user is configured and the password would be sent in the clear;"
                + " configure TLS, or call allowPlaintextPassword() if the network is trusted)");
      }
    }
  }

  private List<Endpoint> parsedEndpoints() {
    return endpoints.stream().map(Endpoint::parse).toList();
  }

  EtcdClientConfig clientConfig() {
    return new EtcdClientConfig(
        parsedEndpoints(),
        credentials.map(supplier -> () -> forClient(supplier.get())),
        tls.map(t -> new TlsFiles(t.ca(), t.clientCertificate(), t.clientKey())),
        authority,
        dialTimeout,
        requestTimeout,
        viaProxy);
  }

  private static EtcdClientConfig.Credentials forClient(Credentials credentials) {
    return new EtcdClientConfig.Credentials(credentials.user(), credentials.password());
  }

  @Override
  public String toString() {
    return "EtcdConfig[endpoints="
        + endpoints
        + ", layout="
        + layout
        + ", leaseTtl="
        + leaseTtl
        + "]";
  }

  /**
   * Collects settings. Each method checks its value and returns this builder; not safe for use by
   * several threads.
   *
   * @since 0.1
   */
  public static final class Builder {

    private List<String> endpoints = List.of();
    private Optional<Supplier<Credentials>> credentials = Optional.empty();
    private boolean plaintextPasswordAllowed;
    private Optional<TlsConfig> tls = Optional.empty();
    private Optional<String> authority = Optional.empty();
    private Duration dialTimeout = Duration.ofSeconds(3);
    private Duration requestTimeout = Duration.ofSeconds(3);
    private boolean viaProxy;
    private Layout layout = Layout.kitex();
    private Optional<Duration> leaseTtl = Optional.empty();
    private RetryConfig retry = RetryConfig.DEFAULT;
    private ConflictPolicy conflictPolicy = ConflictPolicy.WAIT;
    private AddressPolicy addressPolicy = AddressPolicy.standard();
    private boolean shutdownHook = true;
    private int defaultWeight = 10;
    private Duration resolveTimeout = Duration.ofSeconds(3);
    private Duration idleViewTimeout = Duration.ofMinutes(10);
    private Duration antiEntropyPeriod = Duration.ofMinutes(5);
    private Duration holdTime = Duration.ofSeconds(15);
    private boolean holdMajorityLoss;
    private Optional<Path> snapshotDirectory = Optional.empty();
    private Duration snapshotMaxAge = Duration.ofDays(1);
    private Optional<Executor> callbackExecutor = Optional.empty();
    private Map<String, String> environment = System.getenv();

    private Builder() {}

    /**
     * Where etcd listens. One endpoint is used at a time; another when it does not answer.
     *
     * @param endpoints {@code host:port}, {@code http://host:port} or {@code https://host:port};
     *     IPv6 in brackets
     * @return this
     */
    public Builder endpoints(String... endpoints) {
      return endpoints(List.of(endpoints));
    }

    /**
     * As {@link #endpoints(String...)}.
     *
     * @param endpoints the endpoints
     * @return this
     */
    public Builder endpoints(List<String> endpoints) {
      this.endpoints = List.copyOf(endpoints);
      return this;
    }

    /**
     * The etcd user.
     *
     * @param user the user's name
     * @param password the password
     * @return this
     */
    public Builder user(String user, String password) {
      return credentials(() -> new Credentials(user, password));
    }

    /**
     * The etcd user, with a password that is asked for at every login, so that it can be rotated.
     *
     * @param user the user's name
     * @param password called on a thread of the client; may block for a short time
     * @return this
     */
    public Builder user(String user, Supplier<String> password) {
      return credentials(() -> new Credentials(user, password.get()));
    }

    /**
     * The etcd user, asked for at every login.
     *
     * @param supplier called on a thread of the client; may block for a short time
     * @return this
     */
    public Builder credentials(Supplier<Credentials> supplier) {
      this.credentials = Optional.of(supplier);
      return this;
    }

    /**
     * Allows to send a password without TLS to another machine. Loopback is always allowed.
     *
     * @return this
     */
    public Builder allowPlaintextPassword() {
      this.plaintextPasswordAllowed = true;
      return this;
    }

    /**
     * TLS with these files. Not needed for {@code https://} endpoints whose certificate the JVM
     * trusts.
     *
     * @param tls the files
     * @return this
     */
    public Builder tls(TlsConfig tls) {
      this.tls = Optional.of(tls);
      return this;
    }

    /**
     * The host name to expect in etcd's certificate, if it is not the endpoint's own.
     *
     * @param authority a host name
     * @return this
     */
    public Builder authority(String authority) {
      this.authority = Optional.of(authority);
      return this;
    }

    /**
     * How long an endpoint has to answer its first call before the next one is tried. Default 3 s.
     *
     * @param timeout above 0
     * @return this
     */
    public Builder dialTimeout(Duration timeout) {
      this.dialTimeout = Checks.positive("dialTimeout", timeout);
      return this;
    }

    /**
     * The deadline of each call to etcd. Default 3 s.
     *
     * @param timeout above 0
     * @return this
     */
    public Builder requestTimeout(Duration timeout) {
      this.requestTimeout = Checks.positive("requestTimeout", timeout);
      return this;
    }

    /**
     * Uses the JVM's HTTP proxy settings for connections to etcd, which go direct otherwise.
     *
     * @return this
     */
    public Builder viaProxy() {
      this.viaProxy = true;
      return this;
    }

    /**
     * Keys and values in another layout. Default {@link Layout#kitex()}.
     *
     * @param layout the layout
     * @return this
     */
    public Builder layout(Layout layout) {
      this.layout = layout;
      return this;
    }

    /**
     * The Kitex layout with another prefix of keys.
     *
     * @param prefix without a slash at its end; may be empty
     * @return this
     */
    public Builder prefix(String prefix) {
      return layout(Layout.kitex(prefix));
    }

    /**
     * The time to live of the lease, that is, how long a crashed process stays visible. Default:
     * the environment's {@code KITEX_ETCD_REGISTRY_LEASE_TTL} (of the Hertz layout {@code
     * HERTZ_...}), else 60 s.
     *
     * @param ttl at least 2 s, which is the least etcd grants; whole seconds are used
     * @return this
     */
    public Builder leaseTtl(Duration ttl) {
      this.leaseTtl = Optional.of(Checks.atLeast("leaseTtl", ttl, Duration.ofSeconds(2)));
      return this;
    }

    /**
     * How registrations go on after failures.
     *
     * @param retry the settings
     * @return this
     */
    public Builder retry(RetryConfig retry) {
      this.retry = retry;
      return this;
    }

    /**
     * What to do when another process owns the key. Default {@link ConflictPolicy#WAIT}.
     *
     * @param policy the policy
     * @return this
     */
    public Builder conflictPolicy(ConflictPolicy policy) {
      this.conflictPolicy = policy;
      return this;
    }

    /**
     * How the address to register is chosen when the server listens on all interfaces.
     *
     * @param policy the policy
     * @return this
     */
    public Builder addressPolicy(AddressPolicy policy) {
      this.addressPolicy = policy;
      return this;
    }

    /**
     * The address to register whatever the server listens on; the same as {@code
     * addressPolicy(AddressPolicy.fixed(address))}.
     *
     * @param address {@code host:port}
     * @return this
     */
    public Builder fixedAddress(String address) {
      return addressPolicy(AddressPolicy.fixed(address));
    }

    /**
     * Whether what is still registered is deregistered when the JVM exits. Default true; a {@link
     * GracefulShutdown} takes its place.
     *
     * @param enabled whether a shutdown hook is installed
     * @return this
     */
    public Builder shutdownHook(boolean enabled) {
      this.shutdownHook = enabled;
      return this;
    }

    /**
     * The weight of instances whose stored weight is not above 0. Default 10. If this is not above
     * 0 either, such instances are left out of snapshots.
     *
     * @param weight the weight
     * @return this
     */
    public Builder defaultWeight(int weight) {
      this.defaultWeight = weight;
      return this;
    }

    /**
     * How long the first {@link EtcdResolver#resolve} of a service waits for etcd. Default 3 s.
     *
     * @param timeout above 0
     * @return this
     */
    public Builder resolveTimeout(Duration timeout) {
      this.resolveTimeout = Checks.positive("resolveTimeout", timeout);
      return this;
    }

    /**
     * After which time a service that nobody resolves is no longer watched. Default 10 min.
     *
     * @param timeout above 0
     * @return this
     */
    public Builder idleViewTimeout(Duration timeout) {
      this.idleViewTimeout = Checks.positive("idleViewTimeout", timeout);
      return this;
    }

    /**
     * In which period a watched range is listed again, against faults that no watch shows. Default
     * 5 min, +-20 %; longer when there are so many views that it would mean more than 10 lists a
     * second.
     *
     * @param period above 0
     * @return this
     */
    public Builder antiEntropyPeriod(Duration period) {
      this.antiEntropyPeriod = Checks.positive("antiEntropyPeriod", period);
      return this;
    }

    /**
     * How long instances that vanished as by accident (etcd came back empty, or all went within a
     * second) are still shown, as {@link Snapshot#unconfirmed()}. Default 15 s; zero turns it off.
     *
     * @param time not negative
     * @return this
     */
    public Builder holdTime(Duration time) {
      this.holdTime = Checks.atLeast("holdTime", time, Duration.ZERO);
      return this;
    }

    /**
     * Also holds the instances of a service that loses more than half of them within 10 s. Default
     * false.
     *
     * @param hold whether to hold them
     * @return this
     */
    public Builder holdMajorityLoss(boolean hold) {
      this.holdMajorityLoss = hold;
      return this;
    }

    /**
     * A directory in which the last state of each service is kept for a start without etcd. Off by
     * default. It is used only until etcd has answered the first list.
     *
     * @param directory made if it is not there; the files are readable by this user only
     * @return this
     */
    public Builder snapshotDirectory(Path directory) {
      this.snapshotDirectory = Optional.of(directory);
      return this;
    }

    /**
     * The age above which a snapshot file is not used. Default 1 day.
     *
     * @param age above 0
     * @return this
     */
    public Builder snapshotMaxAge(Duration age) {
      this.snapshotMaxAge = Checks.positive("snapshotMaxAge", age);
      return this;
    }

    /**
     * Where listeners run. Default: daemon threads of the session, 16 at most, which end when idle.
     * It is not closed by this library; one that blocks delays listeners, and nothing else.
     *
     * @param executor the executor
     * @return this
     */
    public Builder callbackExecutor(Executor executor) {
      this.callbackExecutor = Optional.of(executor);
      return this;
    }

    Builder environment(Map<String, String> variables) {
      this.environment = Map.copyOf(variables);
      return this;
    }

    /**
     * Checks the settings against each other.
     *
     * @return the settings
     * @throws IllegalArgumentException naming the setting, its value and what was expected
     */
    public EtcdConfig build() {
      return new EtcdConfig(this);
    }
  }
}
