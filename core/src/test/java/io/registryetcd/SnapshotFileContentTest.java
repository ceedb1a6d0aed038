package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Snapshot.Freshness;
import io.registryetcd.layout.Layout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotFileContentTest {

  private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);
  private static final Instance A = Instance.of("10.0.0.1", 1).withWeight(7).withTag("zone", "a");
  private static final Instance B = Instance.of("::1", 1).withWeight(2);
  private static final Instance C = Instance.unix("/run/hello.sock").withWeight(3);

  @TempDir Path directory;

  private static Snapshot snapshot(Instance... instances) {
    return new Snapshot(
        "Hello",
        List.of(instances),
        Set.of(),
        42,
        Freshness.LIVE,
        Optional.empty(),
        new ManualLoop(),
        new Snapshot.Emptiness(FakeKeys.RANGE, 0, 0, 0));
  }

  private SnapshotFile file(String range, Instant now) {
    return new SnapshotFile(directory, range, Layout.kitex(), Clock.fixed(now, ZoneOffset.UTC));
  }

  private SnapshotFile file() {
    return file(FakeKeys.RANGE, NOON);
  }

  private List<Path> files() {
    try (Stream<Path> all = Files.list(directory)) {
      return all.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path theFile() {
    assertThat(files()).hasSize(1);
    return files().get(0);
  }

  // Round trip.

  @Test
  void whatIsWrittenIsReadByTheNextProcess() {
    file().writeNow(snapshot(A, B, C));

    Optional<SnapshotFile.Content> content = file(FakeKeys.RANGE, NOON.plusSeconds(90)).read(DAY);

    assertThat(content)
        .hasValueSatisfying(
            c -> {
              assertThat(c.instances()).containsExactly(A, B, C);
              assertThat(c.age()).isEqualTo(Duration.ofSeconds(90));
            });
  }

  @Test
  void anEmptyServiceIsAStateToo() {
    file().writeNow(snapshot());

    assertThat(file().read(DAY)).hasValueSatisfying(c -> assertThat(c.instances()).isEmpty());
  }

  @Test
  void withoutAFileThereIsNothing() {
    assertThat(file().read(DAY)).isEmpty();
    assertThat(
            new SnapshotFile(directory.resolve("none"), FakeKeys.RANGE, Layout.kitex()).read(DAY))
        .isEmpty();
  }

  @Test
  void theDirectoryIsMadeIfItIsNotThere() {
    Path deep = directory.resolve("a/b");
    SnapshotFile file = new SnapshotFile(deep, FakeKeys.RANGE, Layout.kitex());

    file.writeNow(snapshot(A));

    assertThat(file.read(DAY)).isPresent();
  }

  @Test
  void theLatestStateTakesThePlaceOfTheOneBefore() {
    file().writeNow(snapshot(A));
    file().writeNow(snapshot(B));

    assertThat(file().read(DAY))
        .hasValueSatisfying(c -> assertThat(c.instances()).containsExactly(B));
    assertThat(files()).hasSize(1);
  }

  // Safety.

  @Test
  void onlyThisUserCanReadTheFile() throws IOException {
    file().writeNow(snapshot(A));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(theFile())))
        .isEqualTo("rw-------");
  }

  @Test
  void thereIsAWholeFileAtAnyTimeBecauseTheNewOneIsWrittenBesideTheOldOne() throws IOException {
    file().writeNow(snapshot(A));
    Path before = theFile();
    try (var reader = Files.newBufferedReader(before)) {
      file().writeNow(snapshot(B));

      assertThat(reader.readLine()).contains("10.0.0.1:1").doesNotContain("[::1]").endsWith("}");
    }
    assertThat(theFile()).isEqualTo(before);
  }

  @Test
  void whatAnotherProcessIsWritingBesideItIsLeftAlone() throws IOException {
    file().writeNow(snapshot(A));
    Path halfWritten = directory.resolve(theFile().getFileName() + ".tmp");
    Files.writeString(halfWritten, "{\"ran");

    file().writeNow(snapshot(B));

    assertThat(file().read(DAY))
        .hasValueSatisfying(c -> assertThat(c.instances()).containsExactly(B));
    assertThat(halfWritten).hasContent("{\"ran");
  }

  @Test
  void aFileThatCannotBeMovedIntoItsPlaceLeavesNothingBehind() throws IOException {
    file().writeNow(snapshot(A));
    Path path = theFile();
    Files.delete(path);
    Files.createDirectories(path.resolve("occupied"));

    file().writeNow(snapshot(B));

    assertThat(theFile()).isEqualTo(path);
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsNoReasonToFail() throws IOException {
    Path notADirectory = Files.createFile(directory.resolve("file"));
    SnapshotFile file = new SnapshotFile(notADirectory, FakeKeys.RANGE, Layout.kitex());

    file.writeNow(snapshot(A));

    assertThat(file.read(DAY)).isEmpty();
  }

  // What is not used.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{\"range\":\"kitex/registry-etcd/Hello/\",\"savedAt\":\"soon\"}",
        "{\"range\":\"kitex/registry-etcd/Hello/\",\"instances\":[\"no instance\"]}",
        "{\"range\":\"kitex/registry-etcd/Hello/\",\"instances\":[",
        "{}"
      })
  void aCorruptFileIsIgnored(String text) throws IOException {
    file().writeNow(snapshot(A));
    Files.writeString(theFile(), text);

    assertThat(file().read(DAY)).isEmpty();
  }

  @Test
  void aFileThatIsNoTextIsIgnored() throws IOException {
    file().writeNow(snapshot(A));
    Files.write(theFile(), new byte[] {'{', (byte) 0xff, (byte) 0xfe, 0});

    assertThat(file().read(DAY)).isEmpty();
  }

  @Test
  void aFileThatIsTooOldIsIgnored() {
    file().writeNow(snapshot(A));

    assertThat(file(FakeKeys.RANGE, NOON.plus(DAY)).read(DAY)).isPresent();
    assertThat(file(FakeKeys.RANGE, NOON.plus(DAY).plusMillis(1)).read(DAY)).isEmpty();
  }

  @Test
  void aWallClockThatWasSetBackMakesNoNegativeAge() {
    file().writeNow(snapshot(A));

    assertThat(file(FakeKeys.RANGE, NOON.minus(DAY)).read(DAY))
        .hasValueSatisfying(c -> assertThat(c.age()).isZero());
  }

  @Test
  void aFileOfAnotherRangeIsIgnoredThoughItHasTheName() throws IOException {
    file("kitex/registry-etcd/Other/", NOON).writeNow(snapshot(A));
    Path other = theFile();
    file().writeNow(snapshot(B));
    Path own = files().stream().filter(path -> !path.equals(other)).findFirst().orElseThrow();

    Files.copy(other, own, java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    assertThat(file().read(DAY)).isEmpty();
  }

  // Names.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a/../../../etc/passwd/",
        "..\\..\\x/",
        "C:/con/",
        "服务 é 😀/",
        "a b%2f*?<>|\"':\n/",
        "/",
        ".hidden/"
      })
  void theNameOfAnyServiceMakesOneFileInTheDirectory(String range) {
    SnapshotFile file = file(range, NOON);

    file.writeNow(snapshot(A));

    assertThat(file.read(DAY)).isPresent();
    assertThat(theFile().getFileName().toString()).matches("[A-Za-z0-9%.-]+\\.json");
    assertThat(theFile().getParent()).isEqualTo(directory);
  }

  @Test
  void namesThatAreAlikeMakeDifferentFiles() {
    List<String> ranges =
        List.of(
            "a/b/", "a%2fb/", "a_b/", "A/b/", "a-b/", "x".repeat(250) + "/", "x".repeat(251) + "/");
    ranges.forEach(range -> file(range, NOON).writeNow(snapshot(A)));

    assertThat(files()).hasSize(ranges.size());
    assertThat(ranges).allSatisfy(range -> assertThat(file(range, NOON).read(DAY)).isPresent());
  }

  @Test
  void theLongestNameIsNotTooLongForAFile() {
    SnapshotFile file = file("p".repeat(255) + "/" + "服".repeat(85) + "/", NOON);

    file.writeNow(snapshot(A));

    assertThat(file.read(DAY)).isPresent();
  }

  // Writing in the background.

  @Test
  void ofSnapshotsThatComeFasterThanTheDiskTheLatestIsWritten() {
    Queue<Runnable> disk = new ArrayDeque<>();
    SnapshotFile file = file();

    file.write(snapshot(A), disk::add);
    file.write(snapshot(A, B), disk::add);
    file.write(snapshot(B), disk::add);

    assertThat(disk).hasSize(1);
    disk.remove().run();
    assertThat(file.read(DAY))
        .hasValueSatisfying(c -> assertThat(c.instances()).containsExactly(B));

    file.write(snapshot(A), disk::add);
    disk.remove().run();
    assertThat(file.read(DAY))
        .hasValueSatisfying(c -> assertThat(c.instances()).containsExactly(A));
  }

  @Test
  void theLatestSnapshotIsWrittenLastWhicheverThreadIsFaster() throws InterruptedException {
    SnapshotFile file = file();
    List<Runnable> disk = new ArrayList<>();
    file.write(snapshot(A), disk::add);
    Thread slow = new Thread(disk.get(0));

    synchronized (file) {
      slow.start();
      await().until(() -> slow.getState() == Thread.State.BLOCKED);
      file.write(snapshot(B), Runnable::run);
    }
    slow.join();

    assertThat(file.read(DAY))
        .hasValueSatisfying(c -> assertThat(c.instances()).containsExactly(B));
  }

  @Test
  void anExecutorThatRefusesOnceDoesNotEndTheWriting() {
    List<String> refusals = new ArrayList<>(List.of("busy"));
    SnapshotFile file = file();

    for (Instance instance : List.of(A, B)) {
      file.write(
          snapshot(instance),
          task -> {
            if (!refusals.isEmpty()) {
              throw new RejectedExecutionException(refusals.remove(0));
            }
            task.run();
          });
    }

    assertThat(file.read(DAY))
        .hasValueSatisfying(c -> assertThat(c.instances()).containsExactly(B));
  }
}
