package io.registryetcd.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Directories of programs, each filled once per user and shared by all test runs.
 *
 * <p>A file lock lets one run fill while the others wait. It fills a temporary directory that is
 * renamed when complete, so a run that dies half-way leaves nothing that looks complete.
 */
final class BinaryCache {
  private final Path root;

  BinaryCache(Path root) {
    this.root = root;
  }

  /** The cache directory of the user, or one in the temporary directory if that is not writable. */
  static Path root(Map<String, String> environment) {
    Path wanted = userCache(environment).resolve("registry-etcd").resolve("etcd");
    try {
      Files.createDirectories(wanted);
      if (Files.isWritable(wanted)) {
        return wanted;
      }
    } catch (IOException e) {
      // a home that does not exist, as the user nobody has
    }
    String user = System.getProperty("user.name", "user");
    return Path.of(System.getProperty("java.io.tmpdir", "."), "registry-etcd-" + user, "etcd");
  }

  Path directory(String name) {
    return root.resolve(name);
  }

  /** The directory of that name, filled first if it does not exist. */
  Path get(String name, Filler filler) {
    Path directory = directory(name);
    if (Files.isDirectory(directory)) {
      return directory;
    }
    // file locks are between processes, so threads need a lock of their own
    synchronized (BinaryCache.class) {
      try {
        Files.createDirectories(root);
        try (FileChannel channel = openLock(name);
            var lock = channel.lock()) {
          if (lock.isValid() && !Files.isDirectory(directory)) {
            fill(directory, filler);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return directory;
  }

  private void fill(Path directory, Filler filler) throws IOException {
    Path partial = Files.createTempDirectory(root, "partial");
    try {
      Path content = Files.createDirectory(partial.resolve("content"));
      filler.fill(content);
      Files.move(content, directory, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Directories.delete(partial);
    }
  }

  private FileChannel openLock(String name) throws IOException {
    return FileChannel.open(
        root.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static Path userCache(Map<String, String> environment) {
    String xdg = environment.get("XDG_CACHE_HOME");
    if (xdg != null && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg);
    }
    String home = environment.getOrDefault("HOME", System.getProperty("user.home", "."));
    boolean mac = System.getProperty("os.name", "").startsWith("Mac");
    return mac ? Path.of(home, "Library", "Caches") : Path.of(home, ".cache");
  }

  /** Puts the programs into an empty directory. */
  @FunctionalInterface
  interface Filler {
    void fill(Path directory) throws IOException;
  }
}
