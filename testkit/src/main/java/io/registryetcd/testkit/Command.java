package io.registryetcd.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A short-lived program: run to its end, with its output. */
final class Command {
  private final List<String> words = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private @Nullable Path directory;
  private Duration timeout = Duration.ofSeconds(30);

  private Command(List<String> words) {
    this.words.addAll(words);
  }

  static Command of(String... words) {
    return new Command(List.of(words));
  }

  static Command of(List<String> words) {
    return new Command(words);
  }

  Command with(String name, String value) {
    environment.put(name, value);
    return this;
  }

  Command in(Path workingDirectory) {
    directory = workingDirectory;
    return this;
  }

  Command within(Duration limit) {
    timeout = limit;
    return this;
  }

  /** Standard output; any other end than exit code 0 is an exception with standard error. */
  String output() {
    Result result = run();
    if (result.code() != 0) {
      throw new TestEtcdException(
          program() + " failed with exit code " + result.code() + ": " + result.error().strip());
    }
    return result.output();
  }

  Result run() {
    try {
      Path out = Files.createTempFile("registry-etcd", ".out");
      Path error = Files.createTempFile("registry-etcd", ".err");
      try {
        int code = run(out, error);
        return new Result(code, Files.readString(out), Files.readString(error));
      } finally {
        Files.deleteIfExists(out);
        Files.deleteIfExists(error);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Output goes to files: a pipe would need a reader, and a grandchild can hold it open. */
  private int run(Path out, Path error) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .redirectInput(ProcessBuilder.Redirect.from(Children.emptyInput()))
            .redirectOutput(out.toFile())
            .redirectError(error.toFile());
    if (directory != null) {
      builder.directory(directory.toFile());
    }
    Children.hideEtcdVariables(builder.environment());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TestEtcdException(program() + " did not end within " + timeout);
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestEtcdException("interrupted while " + program() + " ran", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The program without its arguments, which may hold a password. */
  private String program() {
    Path name = Path.of(words.get(0)).getFileName();
    return name == null ? words.get(0) : name.toString();
  }

  record Result(int code, String output, String error) {}
}
