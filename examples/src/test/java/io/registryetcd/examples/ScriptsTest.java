package io.registryetcd.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.testkit.EtcdExtension;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The shell scripts. They find everything built, for they are not to build within a build. */
class ScriptsTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String RUN = ROOT.resolve("examples/run").toString();

  @TempDir private Path directory;
  private Path tools = Path.of("");

  /** A PATH of our own, so that a script finds no other tools than these. */
  @BeforeEach
  void addTools() throws IOException {
    tools = Files.createDirectory(directory.resolve("bin"));
    for (String name : List.of("dirname", "cat", "find", "head", "sed", "mkdir", "grep")) {
      String script = "PATH=/usr/bin:/bin exec " + name + " \"$@\"";
      fakeTool(name, script);
    }
  }

  @Test
  void serverStartedFromAnotherDirectoryHearsTheSignalToItsScript() {
    try (Program server = start(javaHome(), RUN, serverFlags("a"))) {
      server.awaitReady();
      assertThat(server.handle().info().command().orElse("")).endsWith("java");
      server.terminate();
      server.awaitEnd();
      assertThat(ETCD.etcd().etcdctl("get", "--prefix", "")).isEmpty();
    }
  }

  @Test
  void severalAtOnce() {
    try (Program a = start(javaHome(), RUN, serverFlags("a"));
        Program b = start(javaHome(), RUN, serverFlags("b"))) {
      a.awaitReady();
      b.awaitReady();
      try (Program client =
          start(
              javaHome(),
              RUN,
              "hello-client",
              "--etcd",
              ETCD.endpoint(),
              "--service",
              "Hello",
              "--calls",
              "10")) {
        assertThat(client.awaitEnd()).as(client::toString).isZero();
        assertThat(client.lastLine()).startsWith("{\"transport\":\"grpc\",\"calls\":10,\"bad\":0,");
      }
    }
  }

  @Test
  void exitCodesPassThrough() {
    try (Program program = start(javaHome(), RUN, "hello-server", "--nonsense")) {
      assertThat(program.awaitEnd()).as(program::toString).isEqualTo(2);
      assertThat(program.errors()).contains("Usage: examples/run hello-server");
    }
  }

  @Test
  void quickstartTellsInOneLineWhatIsMissing() throws IOException {
    assertOneLine(quickstart(), "quickstart: no JDK found: java (expected: JDK 17 or newer");

    fakeTool("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");
    assertOneLine(quickstart(), "quickstart: Java 11 found: java (expected: JDK 17 or newer)");

    fakeTool("java", "echo 'java version \"1.8.0_292\"' >&2");
    assertOneLine(quickstart(), "quickstart: Java 8 found: java (expected: JDK 17 or newer)");

    fakeTool("java", "echo 'openjdk version \"25\" 2025-09-16' >&2");
    assertOneLine(quickstart(), "quickstart: a Java runtime without a compiler found");

    fakeTool("javac", "");
    assertOneLine(quickstart(), "quickstart: no Maven found: mvn (expected: Maven 3.8.7");
  }

  @Test
  void totalsAreSummedOverModules() throws IOException {
    report("one", "A", "tests=\"3\" errors=\"0\" skipped=\"1\" failures=\"0\"");
    report("one", "B", "tests=\"4\" errors=\"1\" skipped=\"0\" failures=\"0\"");
    report("two", "C", "tests=\"5\" errors=\"0\" skipped=\"0\" failures=\"2\"");
    try (Program totals = totals()) {
      assertThat(totals.awaitEnd()).as(totals::toString).isZero();
      assertThat(totals.lines())
          .containsExactly(
              "one          Tests run: 7, Failures: 0, Errors: 1, Skipped: 1",
              "two          Tests run: 5, Failures: 2, Errors: 0, Skipped: 0",
              "Tests run: 12, Failures: 2, Errors: 1, Skipped: 1");
    }
    try (Program totals = totals("2100-01-01T00:00:00Z")) {
      assertThat(totals.awaitEnd()).as(totals::toString).isZero();
      assertThat(totals.lines())
          .containsExactly("Tests run: 0, Failures: 0, Errors: 0, Skipped: 0");
    }
  }

  private Program start(Map<String, String> environment, String script, String... arguments) {
    List<String> words = new ArrayList<>(List.of("/bin/sh", script));
    words.addAll(List.of(arguments));
    return Program.start(directory.toFile(), environment, words);
  }

  private Map<String, String> javaHome() {
    return Map.of("PATH", tools.toString(), "JAVA_HOME", System.getProperty("java.home"));
  }

  private Program quickstart() {
    return start(
        Map.of("PATH", tools.toString(), "JAVA_HOME", ""), ROOT.resolve("quickstart").toString());
  }

  private Program totals(String... since) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.add(ROOT.resolve("build/TestTotals.java").toString());
    words.add(directory.toString());
    words.addAll(List.of(since));
    return Program.start(new File("."), Map.of(), words);
  }

  private static void assertOneLine(Program program, String beginning) {
    try (program) {
      assertThat(program.awaitEnd()).as(program::toString).isEqualTo(1);
      assertThat(program.errors().lines()).singleElement().asString().startsWith(beginning);
      assertThat(program.lines()).isEmpty();
    }
  }

  private void fakeTool(String name, String script) throws IOException {
    Path file = tools.resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private void report(String module, String test, String counts) throws IOException {
    Path reports = Files.createDirectories(directory.resolve(module + "/target/surefire-reports"));
    Files.writeString(
        reports.resolve("TEST-" + test + ".xml"),
        "<?xml version=\"1.0\"?><testsuite name=\"" + test + "\" " + counts + "/>");
  }

  private static String[] serverFlags(String id) {
    return new String[] {
      "hello-server",
      "--etcd",
      ETCD.endpoint(),
      "--service",
      "Hello",
      "--listen",
      "127.0.0.1:0",
      "--id",
      id,
      "--drain",
      "0"
    };
  }
}
