package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ProcessEndTest {
  @Test
  void etcdAndItsFilesEndWhenTheJvmExits() throws Exception {
    OtherJvm jvm = new OtherJvm("exit");
    assertThat(jvm.process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(ProcessHandle.of(jvm.etcdPid)).isEmpty();
    assertThat(jvm.directory).doesNotExist();
  }

  @Test
  void etcdAndItsFilesEndWhenTheJvmIsTerminated() throws Exception {
    OtherJvm jvm = new OtherJvm("wait");
    jvm.process.destroy();
    assertThat(jvm.process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(ProcessHandle.of(jvm.etcdPid)).isEmpty();
    assertThat(jvm.directory).doesNotExist();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void etcdEndsWhenTheJvmIsKilledThoughNotWhenTheStartingThreadEnds() throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(Children.diesWithJvm().size() > 0);
    OtherJvm jvm = new OtherJvm("wait");
    try {
      await()
          .during(Duration.ofMillis(500))
          .until(() -> ProcessHandle.of(jvm.etcdPid).map(ProcessHandle::isAlive).orElse(false));
      jvm.process.destroyForcibly();
      await()
          .atMost(Duration.ofSeconds(5))
          .until(() -> ProcessHandle.of(jvm.etcdPid).map(h -> !h.isAlive()).orElse(true));
    } finally {
      Directories.delete(jvm.directory);
    }
  }

  /** A JVM that starts an etcd on a thread that ends, and tells its pid and directory. */
  private static final class OtherJvm {
    final Process process;
    final long etcdPid;
    final Path directory;

    OtherJvm(String end) throws IOException {
      List<String> command =
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-cp",
              classPath(),
              Starter.class.getName(),
              end);
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
      etcdPid = Long.parseLong(lines.readLine());
      directory = Path.of(lines.readLine());
    }

    private static String classPath() {
      return String.join(
          java.io.File.pathSeparator,
          location(Starter.class),
          location(TestEtcd.class),
          location(org.slf4j.Logger.class));
    }

    private static String location(Class<?> type) {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()).toString();
    }
  }

  /** The main class of the other JVM. */
  static final class Starter {
    private Starter() {}

    public static void main(String[] arguments) throws InterruptedException {
      Thread thread =
          new Thread(
              () -> {
                TestEtcd etcd = TestEtcd.start();
                System.out.println(etcd.pid());
                System.out.println(etcd.directory());
              });
      thread.start();
      thread.join();
      if (arguments[0].equals("wait")) {
        TimeUnit.SECONDS.sleep(60);
      }
      System.exit(0);
    }
  }
}
