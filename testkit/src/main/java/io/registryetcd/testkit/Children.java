package io.registryetcd.testkit;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Long-lived child processes that never outlive this JVM.
 *
 * <p>Two nets hold them. A shutdown hook covers a normal exit, Ctrl-C and SIGTERM. Where Linux has
 * util-linux's {@code setpriv}, the kernel kills the child when this JVM is killed by SIGKILL
 * ({@code PR_SET_PDEATHSIG}). That signal fires when the <em>thread</em> that forked ends, not the
 * process: hence all children are started by one daemon thread that lives as long as the JVM.
 */
final class Children {
  private static final Set<Runnable> CLEANUPS = ConcurrentHashMap.newKeySet();
  private static final ExecutorService FORKER =
      Executors.newSingleThreadExecutor(Children::forkerThread);
  private static final List<String> DIES_WITH_JVM = diesWithJvm();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> CLEANUPS.forEach(Runnable::run), "testkit-cleanup"));
  }

  private Children() {}

  /** Starts a child; its output and errors are appended to the log file. */
  static Process start(List<String> words, Map<String, String> environment, Path log) {
    List<String> all = new ArrayList<>(DIES_WITH_JVM);
    all.addAll(words);
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(emptyInput()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    hideEtcdVariables(builder.environment());
    builder.environment().putAll(environment);
    try {
      return FORKER.submit(builder::start).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestEtcdException("interrupted while a process was started", e);
    } catch (ExecutionException e) {
      throw new TestEtcdException("could not start " + words.get(0), e);
    }
  }

  /** What to do should the JVM end before {@link #forget}. */
  static void remember(Runnable cleanup) {
    CLEANUPS.add(cleanup);
  }

  static void forget(Runnable cleanup) {
    CLEANUPS.remove(cleanup);
  }

  /** Whether SIGSTOP has stopped all threads of a process; taken for granted without /proc. */
  static boolean isStopped(long pid) {
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path thread : threads) {
        String stat = Files.readString(thread.resolve("stat"));
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
          return false;
        }
      }
      return true;
    } catch (IOException | DirectoryIteratorException e) {
      return !Files.exists(Path.of("/proc"));
    }
  }

  /**
   * etcd and etcdctl read every option from {@code ETCD_*} and {@code ETCDCTL_*} too, and etcd 3.4
   * refuses to start if an option is given twice.
   */
  static void hideEtcdVariables(Map<String, String> environment) {
    environment.keySet().removeIf(name -> name.startsWith("ETCD"));
  }

  static File emptyInput() {
    return new File(isWindows() ? "NUL" : "/dev/null");
  }

  private static boolean isWindows() {
    return osName().startsWith("windows");
  }

  private static String osName() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
  }

  private static Thread forkerThread(Runnable task) {
    Thread thread = new Thread(task, "testkit-forker");
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    return thread;
  }

  /** Tried, not looked up: BusyBox has a setpriv without this option. */
  static List<String> diesWithJvm() {
    if (!osName().startsWith("linux")) {
      return List.of();
    }
    List<String> words = List.of("setpriv", "--pdeathsig", "KILL");
    List<String> trial = new ArrayList<>(words);
    trial.add("true");
    try {
      Process process =
          new ProcessBuilder(trial)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0 ? words : List.of();
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }
}
