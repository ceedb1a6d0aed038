package io.registryetcd.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The quickstart, without its build. */
class QuickstartTest {

  @Test
  void noCallFailsWhateverHappens() {
    try (Program quickstart = Program.java(Map.of(), Quickstart.class)) {
      assertThat(quickstart.awaitEnd()).as(quickstart::toString).isZero();
      List<String> lines = quickstart.lines();
      assertThat(row(lines, "400 calls, weights 30 and 10"))
          .contains("a 300 (75.0 %)", "b 100 (25.0 %)");
      assertThat(row(lines, "server b stops (SIGTERM)")).contains("b gone");
      assertThat(row(lines, "etcd is killed (SIGKILL)")).contains("served from memory");
      assertThat(row(lines, "etcd comes back, empty")).contains("registered again in");
      assertThat(row(lines, "server c starts")).contains("c answers its first call");
      assertThat(row(lines, "all")).matches("all +[0-9]+ +0 *");
    }
  }

  @Test
  void keepsRunningUntilStoppedAndLeavesNoProcess() {
    try (Program quickstart = Program.java(Map.of(), Quickstart.class, "--keep")) {
      quickstart.awaitLine(line -> line.contains("kill ") && line.contains("server c"));
      assertThat(String.join("\n", quickstart.lines())).contains("etcdctl --endpoints=http://");
      List<ProcessHandle> children = quickstart.handle().descendants().toList();
      assertThat(children).hasSizeGreaterThanOrEqualTo(3);
      quickstart.terminate();
      quickstart.awaitEnd();
      assertAllEnd(children);
    }
  }

  /** Whoever is killed cannot delete its files, so they are made where this test deletes them. */
  @Test
  void leavesNoServerWhenItIsKilled(@TempDir Path files) {
    Map<String, String> environment = Map.of("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + files);
    try (Program quickstart = Program.java(environment, Quickstart.class)) {
      quickstart.awaitLine(line -> line.contains("calling 400 times"));
      List<ProcessHandle> children = quickstart.handle().descendants().toList();
      assertThat(children).hasSizeGreaterThanOrEqualTo(3);
      quickstart.handle().destroyForcibly();
      assertAllEnd(children);
    }
  }

  private static void assertAllEnd(List<ProcessHandle> children) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(children).noneMatch(ProcessHandle::isAlive));
  }

  private static String row(List<String> lines, String what) {
    return lines.stream().filter(line -> line.startsWith(what)).findFirst().orElse("no " + what);
  }
}
