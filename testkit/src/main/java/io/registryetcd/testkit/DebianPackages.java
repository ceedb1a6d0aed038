package io.registryetcd.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Downloads etcd's Debian packages and unpacks their two programs, without installing anything. */
final class DebianPackages {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final Path apt;
  private final Path dpkg;

  DebianPackages(Path apt, Path dpkg) {
    this.apt = apt;
    this.dpkg = dpkg;
  }

  void into(Path target) throws IOException {
    Path work = Files.createDirectory(target.resolveSibling("packages"));
    download(work);
    Path unpacked = Files.createDirectory(work.resolve("unpacked"));
    try (Stream<Path> files = Files.list(work)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".deb")).toList()) {
        Command.of(dpkg.toString(), "-x", file.toString(), unpacked.toString())
            .within(LIMIT)
            .output();
      }
    }
    for (String program : List.of("etcd", "etcdctl")) {
      Files.move(unpacked.resolve("usr/bin").resolve(program), target.resolve(program));
    }
  }

  /** A fresh container has no package lists, or stale ones: then with lists of our own. */
  private void download(Path work) throws IOException {
    if (aptGet(work, List.of(), "download", "etcd-server", "etcd-client").code() == 0) {
      return;
    }
    Files.createDirectories(work.resolve("lists/partial"));
    Files.createDirectories(work.resolve("cache/archives/partial"));
    List<String> own =
        List.of(
            "-o", "Dir::State::lists=" + work.resolve("lists"),
            "-o", "Dir::Cache=" + work.resolve("cache"));
    requireSuccess(aptGet(work, own, "update"));
    requireSuccess(aptGet(work, own, "download", "etcd-server", "etcd-client"));
  }

  private Command.Result aptGet(Path work, List<String> options, String... arguments) {
    List<String> words = new ArrayList<>();
    words.add(apt.toString());
    words.add("-q");
    // as root, apt downloads as the user _apt, who cannot write into our directory
    words.addAll(List.of("-o", "APT::Sandbox::User=root"));
    words.addAll(options);
    words.addAll(List.of(arguments));
    return Command.of(words).in(work).within(LIMIT).run();
  }

  private static void requireSuccess(Command.Result result) {
    if (result.code() != 0) {
      throw new TestEtcdException("apt-get failed: " + result.error().strip());
    }
  }
}
