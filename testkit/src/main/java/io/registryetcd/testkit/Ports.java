package io.registryetcd.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Free loopback ports that stay reserved while their process is down.
 *
 * <p>They lie below the range from which kernels pick ports for outgoing connections, so that no
 * client takes one while etcd restarts. Among test runs of one user a port is reserved by locking
 * the byte of its number in a shared file; the lock ends with the JVM.
 */
final class Ports {
  private static final int FIRST = 15_000;
  private static final int END = 32_000;
  private static final int ATTEMPTS = 1000;
  private static final Map<Integer, FileLock> LOCKS = new ConcurrentHashMap<>();
  // One channel for the life of the JVM: POSIX drops all of a process's locks on a file when any
  // of its descriptors closes.
  private static final @Nullable FileChannel FILE = open();

  private Ports() {}

  static int reserve(String host) {
    for (int i = 0; i < ATTEMPTS; i++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, END);
      if (lock(port)) {
        if (isFree(host, port)) {
          return port;
        }
        release(port);
      }
    }
    throw new TestEtcdException("no free port found on " + host);
  }

  static void release(int port) {
    FileLock lock = LOCKS.remove(port);
    if (lock != null) {
      try {
        lock.release();
      } catch (IOException e) {
        // the lock ends with the JVM
      }
    }
  }

  private static boolean lock(int port) {
    if (FILE == null) {
      return true;
    }
    try {
      FileLock lock = FILE.tryLock(port, 1, false);
      if (lock == null) {
        return false;
      }
      LOCKS.put(port, lock);
      return true;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private static boolean isFree(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static @Nullable FileChannel open() {
    String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9]", "_");
    Path path =
        Path.of(System.getProperty("java.io.tmpdir", "."), "registry-etcd-ports-" + user + ".lock");
    try {
      return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      return null;
    }
  }
}
