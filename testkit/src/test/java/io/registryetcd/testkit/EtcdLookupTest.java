package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With fake programs: shell scripts that only tell a version, or act as apt-get, dpkg-deb, go. */
class EtcdLookupTest {
  private static final String APT =
      """
      echo "$*" >> %s
      case "$*" in *download*) touch etcd-server.deb etcd-client.deb;; esac
      """;
  private static final String APT_WITHOUT_LISTS =
      """
      echo "$*" >> %s
      case "$*" in
        *Dir::State::lists*download*) touch etcd-server.deb etcd-client.deb;;
        *Dir::State::lists*update*) exit 0;;
        *) echo "Unable to locate package" >&2; exit 100;;
      esac
      """;
  private static final String DPKG =
      """
      mkdir -p "$3/usr/bin"
      for p in etcd etcdctl; do
        printf '#!/bin/sh\\necho "etcd Version: 3.4.1"\\n' > "$3/usr/bin/$p"
        chmod +x "$3/usr/bin/$p"
      done
      """;
  private static final String GO =
      """
      echo "$*" >> %s
      if [ "$1" = build ]; then
        printf '#!/bin/sh\\necho "etcd Version: 3.7.3"\\n' > "$3"
        chmod +x "$3"
      fi
      """;

  @TempDir Path root;
  private Path bin;
  private Path cache;
  private Path calls;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void prepare() throws IOException {
    bin = Files.createDirectory(root.resolve("bin"));
    cache = root.resolve("cache");
    calls = root.resolve("calls");
    environment.put("PATH", bin.toString());
  }

  @Test
  void namedBinaryWinsOverThePath() throws IOException {
    etcd(bin, "3.4.0");
    etcd(Files.createDirectory(root.resolve("own")), "3.5.0");
    environment.put("ETCD_BIN", root.resolve("own/etcd").toString());
    EtcdBinary found = lookup().find();
    assertThat(found.version()).isEqualTo("3.5.0");
    assertThat(found.ctl()).isEqualTo(root.resolve("own/etcdctl"));
    environment.put("ETCDCTL_BIN", bin.resolve("etcdctl").toString());
    assertThat(lookup().find().ctl()).isEqualTo(bin.resolve("etcdctl"));
  }

  @Test
  void namedBinaryThatDoesNotExistIsAnErrorAndNotIgnored() throws IOException {
    etcd(bin, "3.4.0");
    environment.put("ETCD_BIN", "/no/such/etcd");
    assertThatThrownBy(() -> lookup().find())
        .isInstanceOf(TestEtcdException.class)
        .hasMessageContaining("/no/such/etcd")
        .hasMessageContaining("executable");
  }

  @Test
  void pathWinsOverPackages() throws IOException {
    etcd(bin, "3.4.0");
    script("apt-get", APT.formatted(calls));
    script("dpkg-deb", DPKG);
    assertThat(lookup().find().version()).isEqualTo("3.4.0");
    assertThat(calls).doesNotExist();
  }

  @Test
  void packagesAreFetchedOnceAndKept() throws IOException {
    script("apt-get", APT.formatted(calls));
    script("dpkg-deb", DPKG);
    EtcdBinary found = lookup().find();
    assertThat(found.version()).isEqualTo("3.4.1");
    assertThat(found.server()).isEqualTo(cache.resolve("packages/etcd"));
    assertThat(lookup().find().server()).isEqualTo(found.server());
    assertThat(Files.readAllLines(calls)).hasSize(1);
    assertNoPartialFiles();
  }

  @Test
  void missingPackageListsAreFetchedIntoAPrivateDirectory() throws IOException {
    script("apt-get", APT_WITHOUT_LISTS.formatted(calls));
    script("dpkg-deb", DPKG);
    assertThat(lookup().find().version()).isEqualTo("3.4.1");
    assertThat(Files.readAllLines(calls)).hasSize(3);
  }

  @Test
  void goBuildsTheNewestIfThereAreNoPackages() throws IOException {
    script("go", GO.formatted(calls));
    EtcdBinary found = lookup().find();
    assertThat(found.version()).isEqualTo("3.7.3");
    assertThat(found.utl()).isPresent();
    assertThat(found.isAtLeast(3, 5)).isTrue();
    assertThat(found.isAtLeast(3, 8)).isFalse();
    assertThat(Files.readAllLines(calls)).hasSize(4);
    assertThat(lookup().newest().server()).isEqualTo(found.server());
    assertThat(Files.readAllLines(calls)).hasSize(4);
  }

  @Test
  void nothingFoundIsOneMessageThatSaysWhatToDo() throws IOException {
    script("apt-get", "echo 'no network' >&2; exit 100");
    script("dpkg-deb", DPKG);
    assertThatThrownBy(() -> lookup().find())
        .isInstanceOf(TestEtcdException.class)
        .hasMessageContaining("apt install etcd-server etcd-client")
        .hasMessageContaining("brew install etcd")
        .hasMessageContaining("release archive")
        .hasMessageContaining("ETCD_BIN")
        .hasMessageContaining("no network")
        .hasMessageContaining("no go found");
    assertNoPartialFiles();
  }

  @Test
  void lookupsAtTheSameTimeShareOneDownload() throws Exception {
    script("apt-get", "sleep 0.2\n" + APT.formatted(calls));
    script("dpkg-deb", DPKG);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Callable<Path> find = () -> lookup().find().server();
      for (Future<Path> found : threads.invokeAll(List.of(find, find, find, find))) {
        assertThat(found.get()).isEqualTo(cache.resolve("packages/etcd"));
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(Files.readAllLines(calls)).hasSize(1);
  }

  @Test
  void programThatTellsNoVersionIsRefused() throws IOException {
    script("etcd", "echo hello");
    script("etcdctl", "echo hello");
    assertThatThrownBy(() -> lookup().find()).hasMessageContaining("does not tell its version");
  }

  @Test
  void cacheFollowsTheEnvironment() {
    Map<String, String> home = Map.of("HOME", root.toString());
    assertThat(BinaryCache.root(home))
        .startsWithRaw(root)
        .endsWithRaw(Path.of("registry-etcd/etcd"));
    assertThat(BinaryCache.root(Map.of("XDG_CACHE_HOME", cache.toString())))
        .isEqualTo(cache.resolve("registry-etcd/etcd"));
    assertThat(BinaryCache.root(Map.of("HOME", "/proc/no-such-home")))
        .startsWithRaw(Path.of(System.getProperty("java.io.tmpdir")));
  }

  private EtcdLookup lookup() {
    return new EtcdLookup(environment, cache);
  }

  private void assertNoPartialFiles() throws IOException {
    try (var files = Files.list(cache)) {
      assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("partial"));
    }
  }

  private static void etcd(Path directory, String version) throws IOException {
    write(directory.resolve("etcd"), "echo 'etcd Version: " + version + "'");
    write(directory.resolve("etcdctl"), "exit 0");
  }

  private void script(String name, String text) throws IOException {
    write(bin.resolve(name), text);
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
