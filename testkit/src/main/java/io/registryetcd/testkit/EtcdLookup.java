package io.registryetcd.testkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where etcd may come from, in order; see {@link EtcdBinary}. */
final class EtcdLookup {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdLookup.class);
  private static final String PACKAGES = "packages";
  private static final String NEWEST = "v" + EtcdBinary.NEWEST_VERSION;

  private final Map<String, String> environment;
  private final BinaryCache cache;

  EtcdLookup(Map<String, String> environment, Path cacheRoot) {
    this.environment = Map.copyOf(environment);
    this.cache = new BinaryCache(cacheRoot);
  }

  static EtcdLookup ofSystem() {
    return new EtcdLookup(System.getenv(), BinaryCache.root(System.getenv()));
  }

  EtcdBinary find() {
    String named = environment.get("ETCD_BIN");
    if (named != null && !named.isBlank()) {
      return named(Path.of(named));
    }
    Optional<EtcdBinary> onPath = onPath();
    if (onPath.isPresent()) {
      return onPath.get();
    }
    List<RuntimeException> failures = new ArrayList<>();
    try {
      return fromPackages();
    } catch (RuntimeException e) {
      failures.add(e);
    }
    try {
      return newest();
    } catch (RuntimeException e) {
      failures.add(e);
    }
    throw nothingFound(failures);
  }

  EtcdBinary newest() {
    Path directory =
        cache.get(
            NEWEST,
            target -> {
              Path go = require("go");
              LOG.info("building etcd {} with Go, once, into {}", NEWEST, cache.directory(NEWEST));
              new GoBuild(go).into(target);
            });
    return in(directory);
  }

  private EtcdBinary fromPackages() {
    Path directory =
        cache.get(
            PACKAGES,
            target -> {
              DebianPackages packages = new DebianPackages(require("apt-get"), require("dpkg-deb"));
              LOG.info("downloading etcd's packages, once, into {}", cache.directory(PACKAGES));
              packages.into(target);
            });
    return in(directory);
  }

  private EtcdBinary named(Path server) {
    String ctl = environment.get("ETCDCTL_BIN");
    if (ctl != null && !ctl.isBlank()) {
      return EtcdBinary.of(server, Path.of(ctl));
    }
    Path beside = server.resolveSibling("etcdctl");
    return EtcdBinary.of(
        server, Files.isExecutable(beside) ? beside : program("etcdctl").orElse(beside));
  }

  private Optional<EtcdBinary> onPath() {
    return program("etcd")
        .flatMap(server -> program("etcdctl").map(ctl -> EtcdBinary.of(server, ctl)));
  }

  private Path require(String program) {
    return program(program).orElseThrow(() -> new TestEtcdException("no " + program + " found"));
  }

  private Optional<Path> program(String name) {
    for (String directory : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      if (!directory.isEmpty()) {
        Path file = Path.of(directory).resolve(name);
        if (Files.isRegularFile(file) && Files.isExecutable(file)) {
          return Optional.of(file);
        }
      }
    }
    return Optional.empty();
  }

  private static EtcdBinary in(Path directory) {
    return EtcdBinary.of(directory.resolve("etcd"), directory.resolve("etcdctl"));
  }

  private static TestEtcdException nothingFound(List<RuntimeException> failures) {
    StringBuilder text =
        new StringBuilder(
            """
            etcd was not found, and these tests run a real one. Do one of:
              Debian, Ubuntu:  apt install etcd-server etcd-client
              macOS:           brew install etcd
              any system:      unpack a release archive of github.com/etcd-io/etcd and set
                               ETCD_BIN=/path/to/etcd (etcdctl beside it, or ETCDCTL_BIN)
            Looked at: ETCD_BIN (not set), etcd and etcdctl on PATH""");
    failures.forEach(failure -> text.append("; ").append(failure.getMessage()));
    TestEtcdException exception = new TestEtcdException(text.toString());
    failures.forEach(exception::addSuppressed);
    return exception;
  }
}
