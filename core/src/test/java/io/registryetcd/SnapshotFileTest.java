package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Snapshot.Freshness;
import io.registryetcd.testkit.EtcdExtension;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The last state of a service on disk: for a start while etcd is away, and for nothing else. */
class SnapshotFileTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();
  @TempDir private Path temporary;

  private static final String KEY = "kitex/registry-etcd/Hello/127.0.0.1:8001";

  private final StoredKeys keys = new StoredKeys(server.etcd());

  private Path directory() {
    return temporary.resolve("made/when/needed");
  }

  private EtcdConfig.Builder saving() {
    return config(server.endpoint())
        .snapshotDirectory(directory())
        .resolveTimeout(Duration.ofSeconds(2));
  }

  /** The files of snapshots; beside them one may just be written. */
  private List<Path> files() {
    try (Stream<Path> files = Files.list(directory())) {
      return files.filter(file -> file.toString().endsWith(".json")).toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Path file() {
    assertThat(files()).hasSize(1);
    return files().get(0);
  }

  /** What is saved, if anything is. */
  private String content() {
    try {
      return Files.isDirectory(directory()) && !files().isEmpty() ? Files.readString(file()) : "";
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Resolves once with etcd there, so that the file is written, and ends etcd. */
  private void saveAndEndEtcd() {
    keys.put(KEY, value("127.0.0.1:8001", 10));
    try (EtcdResolver resolver = EtcdResolver.create(saving().build())) {
      resolver.resolve("Hello");
      await().atMost(SOON).until(() -> content().contains("8001"));
    }
    server.etcd().kill();
  }

  @Test
  void startWithoutEtcdServesTheFileWithItsAgeAndThenEtcd() {
    saveAndEndEtcd();
    EtcdResolver resolver = peers.resolver(saving().build());
    Snapshot saved = resolver.resolve("Hello");
    assertThat(saved.freshness()).isEqualTo(Freshness.FILE);
    assertThat(saved.instances()).containsExactly(instance(8001));
    assertThat(saved.age()).hasValueSatisfying(age -> assertThat(age).isPositive());
    ServiceView view = resolver.view("Hello");
    assertThat(view.whenReady()).isNotDone();

    server.etcd().restart();
    keys.put("kitex/registry-etcd/Hello/127.0.0.1:8002", value("127.0.0.1:8002", 10));
    keys.delete(KEY);
    await()
        .atMost(SOON)
        .until(
            () ->
                view.snapshot().isLive() && !view.snapshot().instances().contains(instance(8001)));
    await().atMost(SOON).until(() -> view.snapshot().instances().equals(List.of(instance(8002))));
    await().atMost(SOON).until(() -> content().contains("8002") && !content().contains("8001"));
  }

  @Test
  void fileIsReadableByItsOwnerOnlyAndReplacedAsAWhole() throws IOException {
    saveAndEndEtcd();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
    assertThat(content()).startsWith("{").endsWith("}").contains("\"revision\"", "\"savedAt\"");
  }

  @Test
  void fileIsKeptYoungThoughNothingChanges() throws IOException {
    saveAndEndEtcd();
    long longAgo = System.currentTimeMillis() - Duration.ofHours(20).toMillis();
    Path file = file();
    Files.writeString(file, content().replaceAll("\"savedAt\":\\d+", "\"savedAt\":" + longAgo));
    server.etcd().restart();
    try (EtcdResolver resolver = EtcdResolver.create(saving().build())) {
      resolver.resolve("Hello");
      await("seen again, so young again")
          .atMost(SOON)
          .until(() -> !content().contains(Long.toString(longAgo)));
    }
  }

  @Test
  void fileThatIsTooOldIsNotUsed() {
    saveAndEndEtcd();
    EtcdConfig strict = saving().snapshotMaxAge(Duration.ofNanos(1)).build();
    assertThatThrownBy(() -> peers.resolver(strict).resolve("Hello"))
        .isInstanceOfSatisfying(
            NoInstanceException.class,
            e -> assertThat(e.reason()).isEqualTo(NoInstanceException.Reason.UNREACHABLE));
  }

  @Test
  void corruptFileIsIgnoredWithOneWarning() throws IOException {
    saveAndEndEtcd();
    String good = content();
    for (String bad :
        List.of(
            "",
            "garbage",
            good.substring(0, good.length() / 2),
            good.replace("Hello", "Other"),
            good.replace("127.0.0.1:8001", "nowhere"))) {
      Files.writeString(file(), bad);
      ByteArrayOutputStream log = new ByteArrayOutputStream();
      PrintStream out = System.out;
      try {
        System.setOut(new PrintStream(log, true, StandardCharsets.UTF_8));
        EtcdResolver resolver =
            peers.resolver(saving().resolveTimeout(Duration.ofMillis(300)).build());
        assertThatThrownBy(() -> resolver.resolve("Hello")).isInstanceOf(NoInstanceException.class);
        assertThatThrownBy(() -> resolver.resolve("Hello")).isInstanceOf(NoInstanceException.class);
      } finally {
        System.setOut(out);
      }
      assertThat(log.toString(StandardCharsets.UTF_8).split("cannot be read", -1)).hasSize(2);
    }
  }

  @Test
  void directoryThatCannotBeWrittenDisturbsNobody() throws IOException {
    Path notADirectory = Files.writeString(temporary.resolve("file"), "");
    keys.put(KEY, value("127.0.0.1:8001", 10));
    EtcdConfig config = config(server.endpoint()).snapshotDirectory(notADirectory).build();
    assertThat(peers.resolver(config).resolve("Hello").instances()).containsExactly(instance(8001));
  }
}
