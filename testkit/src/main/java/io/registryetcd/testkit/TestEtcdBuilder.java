package io.registryetcd.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link TestEtcd}, or the members of a {@link TestEtcdCluster}.
 *
 * <p>Not thread-safe. A builder can start several etcds.
 *
 * @since 0.1.0
 */
public final class TestEtcdBuilder {
  private static final int PORT_RACES = 5;
  private static final Duration SHORTEST_ELECTION = Duration.ofMillis(100);
  private static final Duration LONGEST_ELECTION = Duration.ofSeconds(50);

  private @Nullable EtcdBinary binary;
  private String host = "127.0.0.1";
  private @Nullable TestCertificates certificates;
  private boolean clientCertificateRequired;
  private @Nullable Duration electionTimeout;
  private final Map<String, String> environment = new HashMap<>();
  private final List<String> arguments = new ArrayList<>();

  TestEtcdBuilder() {}

  /**
   * Which etcd to run. Default: {@link EtcdBinary#find()}.
   *
   * @param binary the programs
   * @return this builder
   */
  public TestEtcdBuilder binary(EtcdBinary binary) {
    this.binary = binary;
    return this;
  }

  /**
   * The loopback address to listen on. Default: {@code 127.0.0.1}.
   *
   * @param host {@code 127.0.0.1}, {@code ::1} or {@code localhost}
   * @return this builder
   */
  public TestEtcdBuilder host(String host) {
    this.host = host;
    return this;
  }

  /**
   * Serves clients over TLS only, with the certificate {@link TestCertificates#server()}.
   *
   * @param certificates the files; they must live as long as the etcd
   * @return this builder
   */
  public TestEtcdBuilder tls(TestCertificates certificates) {
    this.certificates = certificates;
    return this;
  }

  /**
   * With {@link #tls}: refuses clients without a certificate of the same authority.
   *
   * @return this builder
   */
  public TestEtcdBuilder requireClientCertificate() {
    clientCertificateRequired = true;
    return this;
  }

  /**
   * The election timeout; the heartbeat is a fifth of it. etcd grants no lease TTL below one and a
   * half election timeouts, rounded up to seconds: etcd's own default, 1 s, gives leases of at
   * least 2 s. Default: 100 ms for one etcd, 500 ms for the members of a cluster.
   *
   * @param timeout from 100 ms to 50 s
   * @return this builder
   */
  public TestEtcdBuilder electionTimeout(Duration timeout) {
    if (timeout.compareTo(SHORTEST_ELECTION) < 0 || timeout.compareTo(LONGEST_ELECTION) > 0) {
      throw new IllegalArgumentException(
          "electionTimeout: " + timeout + " (expected: PT0.1S to PT50S)");
    }
    electionTimeout = timeout;
    return this;
  }

  /**
   * The size of the data above which etcd refuses to write and raises the alarm NOSPACE.
   *
   * @param bytes the quota
   * @return this builder
   */
  public TestEtcdBuilder quotaBytes(long bytes) {
    return arguments("--quota-backend-bytes=" + bytes);
  }

  /**
   * How long etcd's simple authentication tokens live. Default of etcd: 300 s.
   *
   * @param ttl whole seconds
   * @return this builder
   */
  public TestEtcdBuilder authTokenTtl(Duration ttl) {
    return arguments("--auth-token-ttl=" + ttl.toSeconds());
  }

  /**
   * The kind of authentication tokens, for example {@code
   * jwt,sign-method=HS256,priv-key=/path/to/secret,ttl=10m}. Default of etcd: {@code simple}.
   *
   * @param specification the value of etcd's flag {@code --auth-token}
   * @return this builder
   */
  public TestEtcdBuilder authToken(String specification) {
    return arguments("--auth-token=" + specification);
  }

  /**
   * Further flags of etcd; they come after the kit's own, so they win.
   *
   * @param flags for example {@code "--max-txn-ops=10"}
   * @return this builder
   */
  public TestEtcdBuilder arguments(String... flags) {
    arguments.addAll(List.of(flags));
    return this;
  }

  /**
   * An environment variable for the process. Variables of this JVM are inherited, except those that
   * begin with {@code ETCD}.
   *
   * @param name its name
   * @param value its value
   * @return this builder
   */
  public TestEtcdBuilder environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /**
   * Starts one etcd and waits until it answers.
   *
   * @return the running etcd
   * @throws TestEtcdException if no etcd is found or it does not start
   */
  public TestEtcd start() {
    EtcdConfig config = config(SHORTEST_ELECTION);
    for (int attempt = 1; ; attempt++) {
      EtcdMember member = EtcdMember.reserve("etcd", config);
      TestEtcd etcd = new TestEtcd(config, member, member.clusterEntry());
      try {
        etcd.restart();
        return etcd;
      } catch (RuntimeException e) {
        boolean again = etcd.lostItsPort() && attempt < PORT_RACES;
        etcd.close();
        if (!again) {
          throw e;
        }
      }
    }
  }

  EtcdConfig config(Duration defaultElectionTimeout) {
    if (clientCertificateRequired && certificates == null) {
      throw new IllegalStateException("requireClientCertificate() needs tls(...)");
    }
    return new EtcdConfig(
        binary == null ? EtcdBinary.find() : binary,
        host,
        certificates,
        clientCertificateRequired,
        electionTimeout == null ? defaultElectionTimeout : electionTimeout,
        environment,
        arguments);
  }
}
