package io.registryetcd.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The etcd programs on this machine: the server, {@code etcdctl}, and from 3.6 on {@code etcdutl}.
 *
 * <p>{@link #find()} looks, in this order, at
 *
 * <ol>
 *   <li>the environment variable {@code ETCD_BIN}, the path of etcd ({@code etcdctl} lies beside
 *       it, or {@code ETCDCTL_BIN} names it);
 *   <li>{@code PATH};
 *   <li>the packages {@code etcd-server} and {@code etcd-client} of Debian or Ubuntu, unpacked in
 *       the user's cache directory; they are downloaded when {@code apt-get} and {@code dpkg-deb}
 *       exist, without root, and nothing is installed;
 *   <li>the newest etcd, built into the same cache when Go is installed (about a minute, once).
 * </ol>
 *
 * <p>The cache is {@code registry-etcd/etcd} in {@code $XDG_CACHE_HOME}, {@code ~/.cache} or, on
 * macOS, {@code ~/Library/Caches}. Test runs at the same time share it safely.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1.0
 */
public final class EtcdBinary {
  /** The version of etcd that {@link #newest()} builds. */
  public static final String NEWEST_VERSION = "3.7.3";

  private static final Pattern VERSION = Pattern.compile("etcd Version: (\\d+)\\.(\\d+)\\.(\\d+)");
  private static final Map<String, EtcdBinary> FOUND = new ConcurrentHashMap<>();

  private final Path server;
  private final Path ctl;
  private final String version;

  private EtcdBinary(Path server, Path ctl, String version) {
    this.server = server;
    this.ctl = ctl;
    this.version = version;
  }

  /**
   * Finds or fetches an etcd. The first call of a process may take a while; its result is kept.
   *
   * @return the etcd to use
   * @throws TestEtcdException if there is none; the message lists what to install
   */
  public static EtcdBinary find() {
    return FOUND.computeIfAbsent("any", key -> EtcdLookup.ofSystem().find());
  }

  /**
   * The newest etcd, version {@value #NEWEST_VERSION}: from the cache, or built with Go once.
   *
   * @return the newest etcd
   * @throws TestEtcdException if it is not in the cache and could not be built
   */
  public static EtcdBinary newest() {
    return FOUND.computeIfAbsent("newest", key -> EtcdLookup.ofSystem().newest());
  }

  /**
   * Programs at known places.
   *
   * @param server the path of etcd
   * @param ctl the path of etcdctl
   * @return the pair
   * @throws TestEtcdException if one of them cannot be run
   */
  public static EtcdBinary of(Path server, Path ctl) {
    requireExecutable(server, "etcd");
    requireExecutable(ctl, "etcdctl");
    String text = Command.of(server.toString(), "--version").output();
    Matcher matcher = VERSION.matcher(text);
    if (!matcher.find()) {
      throw new TestEtcdException(server + " does not tell its version: " + text.strip());
    }
    String version = matcher.group(1) + "." + matcher.group(2) + "." + matcher.group(3);
    return new EtcdBinary(server, ctl, version);
  }

  /**
   * The path of etcd.
   *
   * @return the path of the server
   */
  public Path server() {
    return server;
  }

  /**
   * The path of etcdctl.
   *
   * @return the path of the command line client
   */
  public Path ctl() {
    return ctl;
  }

  /**
   * The path of etcdutl, which restores snapshots from etcd 3.6 on.
   *
   * @return the program beside etcdctl, if there is one
   */
  public Optional<Path> utl() {
    return Optional.of(ctl.resolveSibling("etcdutl")).filter(Files::isExecutable);
  }

  /**
   * The version that etcd tells.
   *
   * @return for example {@code 3.4.23}
   */
  public String version() {
    return version;
  }

  /**
   * Compares the version.
   *
   * @param major the major version, 3
   * @param minor the minor version
   * @return whether this etcd is of that version or newer
   */
  public boolean isAtLeast(int major, int minor) {
    String[] parts = version.split("\\.", -1);
    int ours = Integer.parseInt(parts[0]) * 1000 + Integer.parseInt(parts[1]);
    return ours >= major * 1000 + minor;
  }

  @Override
  public String toString() {
    return "etcd " + version + " (" + server + ")";
  }

  private static void requireExecutable(Path file, String program) {
    if (!Files.isRegularFile(file) || !Files.isExecutable(file)) {
      throw new TestEtcdException(program + ": " + file + " (expected: an executable file)");
    }
  }
}
