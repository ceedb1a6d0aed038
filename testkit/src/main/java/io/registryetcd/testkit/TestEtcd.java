package io.registryetcd.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One real etcd process on free loopback ports, with its data in a temporary directory.
 *
 * <pre>{@code
 * try (TestEtcd etcd = TestEtcd.start()) {
 *   etcd.etcdctl("put", "key", "value");
 *   etcd.kill();
 *   etcd.restart(); // the same endpoint, the same data
 * }
 * }</pre>
 *
 * <p>Ports and data stay the same from start to {@link #close()}, whatever happens to the process.
 * The process ends with this JVM, also on Ctrl-C, and on Linux even when the JVM is killed (if
 * {@code setpriv} of util-linux is there).
 *
 * <p>To be quick, it differs from an etcd with default settings: the election timeout is 100 ms, so
 * it is ready in a fraction of a second, and with it the smallest lease TTL that etcd grants is 1 s
 * instead of 2 s ({@link TestEtcdBuilder#electionTimeout} changes both); and from etcd 3.5 on it
 * does not sync its files to the disk.
 *
 * <p>Thread-safe. Every method blocks until its effect is reached, and must not be called on a
 * thread that may not block.
 *
 * @since 0.1.0
 */
public final class TestEtcd implements AutoCloseable {
  private static final Duration READY_LIMIT = Duration.ofSeconds(30);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
  private static final int LOG_TAIL = 8000;

  private final EtcdConfig config;
  private final EtcdMember member;
  private final String initialCluster;
  private final EtcdCtl ctl;
  private final EtcdHttp http;
  private final Runnable cleanup = this::killAndDelete;
  private volatile @Nullable Process process;
  private volatile boolean closed;

  TestEtcd(EtcdConfig config, EtcdMember member, String initialCluster) {
    this.config = config;
    this.member = member;
    this.initialCluster = initialCluster;
    this.ctl = new EtcdCtl(config, member.endpoint());
    this.http = new EtcdHttp(member.metricsUrl());
  }

  /**
   * Starts an etcd with the settings of {@link #builder()}.
   *
   * @return a running etcd that answers
   * @throws TestEtcdException if no etcd is found or it does not start
   */
  public static TestEtcd start() {
    return builder().start();
  }

  /**
   * Begins to describe an etcd with TLS, other flags, another version and so on.
   *
   * @return a new builder
   */
  public static TestEtcdBuilder builder() {
    return new TestEtcdBuilder();
  }

  /**
   * Where clients connect, without a scheme.
   *
   * @return for example {@code 127.0.0.1:21379} or {@code [::1]:21379}
   */
  public String endpoint() {
    return member.endpoint();
  }

  /**
   * Where clients connect, with the scheme.
   *
   * @return for example {@code http://127.0.0.1:21379}; {@code https} with TLS
   */
  public String url() {
    return config.scheme() + "://" + member.endpoint();
  }

  /**
   * The port of {@link #endpoint()}.
   *
   * @return the client port
   */
  public int port() {
    return member.clientPort();
  }

  /**
   * The programs that run here.
   *
   * @return the etcd binary, which knows its version
   */
  public EtcdBinary binary() {
    return config.binary();
  }

  /**
   * Whether the process exists; a paused one does.
   *
   * @return true if it runs or is paused
   */
  public boolean isAlive() {
    Process current = process;
    return current != null && current.isAlive();
  }

  /**
   * The process id.
   *
   * @return the id of the running process
   * @throws TestEtcdException if it does not run
   */
  public long pid() {
    return running().pid();
  }

  /** Kills the process (SIGKILL) and waits for its end. Does nothing if it does not run. */
  public synchronized void kill() {
    Process current = process;
    if (current != null) {
      current.destroyForcibly();
      awaitEnd(current, STOP_LIMIT);
    }
  }

  /** Ends the process in order (SIGTERM); a paused one is resumed for it. */
  public synchronized void stop() {
    Process current = process;
    if (current != null && current.isAlive()) {
      current.destroy();
      signal("CONT");
      if (!awaitEnd(current, STOP_LIMIT)) {
        kill();
      }
    }
  }

  /**
   * Starts the process again on the same ports and data, after {@link #stop()} if it still runs,
   * and waits until it answers.
   *
   * @throws TestEtcdException if it does not start
   */
  public synchronized void restart() {
    stop();
    launch();
    awaitReady(READY_LIMIT);
  }

  /**
   * Starts the process on the same ports and data, and does not wait until it answers. For a member
   * of a cluster that has no quorum yet.
   *
   * @throws TestEtcdException if it runs already, or after {@link #close()}
   */
  public synchronized void launch() {
    if (closed) {
      throw new TestEtcdException("this etcd is closed");
    }
    if (isAlive()) {
      throw new TestEtcdException("this etcd runs already");
    }
    process =
        Children.start(member.command(config, initialCluster), config.environment(), member.log());
    Children.remember(cleanup);
  }

  /**
   * Kills the process and deletes its data, so that the next {@link #restart()} finds an empty etcd
   * with the same cluster id. Users and passwords are gone too.
   */
  public synchronized void wipe() {
    kill();
    Directories.delete(member.data());
    ctl.logout();
  }

  /** Freezes the process (SIGSTOP): connections stay open, nothing answers. */
  public synchronized void pause() {
    long pid = running().pid();
    signal("STOP");
    if (!Await.until(STOP_LIMIT, () -> Children.isStopped(pid))) {
      throw new TestEtcdException("etcd " + pid + " does not stop");
    }
  }

  /** Lets a frozen process go on (SIGCONT). Does nothing if it is not frozen. */
  public synchronized void resume() {
    running();
    signal("CONT");
  }

  /**
   * Waits until etcd has a leader and answers.
   *
   * @param timeout the longest wait
   * @throws TestEtcdException if it does not, or the process ended; with the end of its log
   */
  public void awaitReady(Duration timeout) {
    boolean ended = Await.until(timeout, () -> !isAlive() || http.isHealthy());
    if (!isAlive()) {
      throw new TestEtcdException("etcd ended: " + log());
    }
    if (!ended) {
      throw new TestEtcdException("etcd not ready after " + timeout + ": " + log());
    }
  }

  /**
   * Runs etcdctl (API 3) against this etcd, with its certificates, and as root after {@link
   * #enableAuth}; or against the endpoints, or as the user, that the arguments name.
   *
   * @param arguments for example {@code "put", "key", "value"}
   * @return what it printed to its standard output
   * @throws TestEtcdException if it fails, with what it printed to its standard error
   */
  public String etcdctl(String... arguments) {
    return ctl.run(List.of(arguments));
  }

  /**
   * etcd's own measurements, in the text format of Prometheus.
   *
   * @return the page {@code /metrics}
   */
  public String metrics() {
    return http.metrics();
  }

  /**
   * The end of what etcd logged since its first start.
   *
   * @return the last lines, for a failure message
   */
  public String log() {
    try {
      String text = Files.exists(member.log()) ? Files.readString(member.log()) : "";
      return text.substring(Math.max(0, text.length() - LOG_TAIL));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Creates the user and role root and turns authentication on. From then on {@link #etcdctl} runs
   * as root.
   *
   * @param rootPassword the password of root
   */
  public void enableAuth(String rootPassword) {
    etcdctl("user", "add", "root:" + rootPassword);
    etcdctl("user", "grant-role", "root", "root");
    etcdctl("auth", "enable");
    ctl.login("root", rootPassword);
  }

  /** Turns authentication off; users and roles stay. */
  public void disableAuth() {
    etcdctl("auth", "disable");
    ctl.logout();
  }

  /**
   * Adds a user without roles.
   *
   * @param name the user
   * @param password its password
   */
  public void addUser(String name, String password) {
    etcdctl("user", "add", name + ":" + password);
  }

  /**
   * Adds a role without permissions.
   *
   * @param role the role
   */
  public void addRole(String role) {
    etcdctl("role", "add", role);
  }

  /**
   * Gives a role to a user.
   *
   * @param user an existing user
   * @param role an existing role
   */
  public void grantRole(String user, String role) {
    etcdctl("user", "grant-role", user, role);
  }

  /**
   * Lets a role use all keys with a prefix.
   *
   * @param role an existing role
   * @param access {@code read}, {@code write} or {@code readwrite}
   * @param prefix the beginning of the keys
   */
  public void grantPrefix(String role, String access, String prefix) {
    etcdctl("role", "grant-permission", "--prefix=true", role, access, prefix);
  }

  /**
   * Saves the whole content, as an operator's backup does.
   *
   * @param file a file that does not exist yet
   */
  public void saveSnapshot(Path file) {
    etcdctl("snapshot", "save", file.toString());
  }

  /**
   * Kills the process and replaces its data by those of a backup; {@link #restart()} then runs with
   * them.
   *
   * @param file what {@link #saveSnapshot} wrote
   */
  public synchronized void restoreSnapshot(Path file) {
    kill();
    Directories.delete(member.data());
    ctl.restore(file, member, initialCluster);
  }

  /** Kills the process and deletes everything. Idempotent. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      kill();
      Children.forget(cleanup);
      member.release();
    }
  }

  @Override
  public String toString() {
    return "TestEtcd " + config.binary().version() + " at " + endpoint();
  }

  Path directory() {
    return member.directory();
  }

  boolean hasAuth() {
    return ctl.isLoggedIn();
  }

  /** Whether this member of a cluster takes itself for the leader; a frozen one does not answer. */
  boolean isLeader() {
    return isAlive() && http.isLeader();
  }

  /** Whether the process ended because another program listens on one of its ports. */
  boolean lostItsPort() {
    return !isAlive() && log().contains("address already in use");
  }

  private Process running() {
    Process current = process;
    if (current == null || !current.isAlive()) {
      throw new TestEtcdException("this etcd does not run");
    }
    return current;
  }

  private void signal(String name) {
    Process current = process;
    if (current != null) {
      Command.of("kill", "-" + name, Long.toString(current.pid())).run();
    }
  }

  private static boolean awaitEnd(Process process, Duration limit) {
    try {
      return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestEtcdException("interrupted while etcd ended", e);
    }
  }

  /** For the end of the JVM: takes no lock that a test may hold. */
  private void killAndDelete() {
    Process current = process;
    if (current != null) {
      current.destroyForcibly();
      awaitEnd(current, STOP_LIMIT);
    }
    Directories.delete(member.directory());
  }
}
