package io.registryetcd.interop;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;

/**
 * The programs of {@code interop/go}, built on first use. Go's own cache makes that quick from the
 * second time on.
 */
final class GoPeers {

  private static final Path MODULE = Path.of("go").toAbsolutePath();
  private static final Path PROGRAMS = Path.of("target", "go").toAbsolutePath();
  private static final long BUILD_MINUTES = 15;

  private static boolean built;

  private GoPeers() {}

  /** The path of a program. */
  static synchronized String program(String name) {
    if (!built) {
      missing().ifPresent(Assertions::fail);
      build();
      built = true;
    }
    return PROGRAMS.resolve(name).toString();
  }

  /** Why the programs cannot be built here, if they cannot. */
  static Optional<String> missing() {
    try {
      Process go = new ProcessBuilder("go", "version").redirectErrorStream(true).start();
      go.getInputStream().readAllBytes();
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          "no Go found: " + e.getMessage() + " (expected: go 1.24 or newer, on PATH)");
    }
  }

  private static void build() {
    try {
      Process go =
          new ProcessBuilder("go", "build", "-o", PROGRAMS + "/", "./cmd/...")
              .directory(MODULE.toFile())
              .redirectErrorStream(true)
              .start();
      String output = new String(go.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!go.waitFor(BUILD_MINUTES, TimeUnit.MINUTES) || go.exitValue() != 0) {
        go.destroyForcibly();
        fail("go build failed:\n" + output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail("interrupted");
    }
  }
}
