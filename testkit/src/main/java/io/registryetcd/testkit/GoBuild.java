package io.registryetcd.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Builds the newest etcd from its published Go modules. A module of our own is in between, because
 * {@code go install} refuses modules that have replace directives.
 */
final class GoBuild {
  private static final Duration LIMIT = Duration.ofMinutes(15);
  private static final Map<String, String> PROGRAMS =
      Map.of(
          "etcd", "go.etcd.io/etcd/server/v3",
          "etcdctl", "go.etcd.io/etcd/etcdctl/v3",
          "etcdutl", "go.etcd.io/etcd/etcdutl/v3");

  private final Path go;

  GoBuild(Path go) {
    this.go = go;
  }

  void into(Path target) throws IOException {
    Path work = Files.createDirectory(target.resolveSibling("build"));
    Files.writeString(work.resolve("go.mod"), "module build\n");
    List<String> get = new ArrayList<>(List.of("get"));
    PROGRAMS.values().forEach(module -> get.add(module + "@v" + EtcdBinary.NEWEST_VERSION));
    run(work, get);
    PROGRAMS.forEach(
        (program, module) ->
            run(work, List.of("build", "-o", target.resolve(program).toString(), module)));
  }

  private void run(Path work, List<String> arguments) {
    List<String> words = new ArrayList<>(List.of(go.toString()));
    words.addAll(arguments);
    Command.of(words)
        .in(work)
        .with("GOWORK", "off")
        .with("GOFLAGS", "-mod=mod -buildvcs=false")
        .within(LIMIT)
        .output();
  }
}
