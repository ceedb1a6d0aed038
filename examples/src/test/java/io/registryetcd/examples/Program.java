package io.registryetcd.examples;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A process under test, with all that it prints. Killed when closed, with its descendants. */
public final class Program implements AutoCloseable {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Path directory;
  private final Process process;

  private Program(Path directory, Process process) {
    this.directory = directory;
    this.process = process;
  }

  /** An example, on this JVM's class path. */
  public static Program example(String... arguments) {
    return example(Map.of(), arguments);
  }

  /** An example, on this JVM's class path. */
  public static Program example(Map<String, String> environment, String... arguments) {
    return java(environment, Examples.class, arguments);
  }

  static Program java(Map<String, String> environment, Class<?> main, String... arguments) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(ServerProcess.JVM_OPTIONS);
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    words.addAll(List.of(arguments));
    return start(new File("."), environment, words);
  }

  public static Program start(
      File workingDirectory, Map<String, String> environment, List<String> words) {
    try {
      Path directory = Files.createTempDirectory("program");
      ProcessBuilder builder =
          new ProcessBuilder(words)
              .directory(workingDirectory)
              .redirectOutput(directory.resolve("out").toFile())
              .redirectError(directory.resolve("err").toFile());
      builder.environment().putAll(environment);
      return new Program(directory, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for a server's READY, and returns the address behind it. */
  public String awaitReady() {
    return awaitLine(line -> line.startsWith("READY ")).substring("READY ".length());
  }

  public String awaitLine(Predicate<String> wanted) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (System.nanoTime() < end) {
      boolean ended = !process.isAlive();
      for (String line : lines()) {
        if (wanted.test(line)) {
          return line;
        }
      }
      if (ended) {
        break;
      }
      pause();
    }
    throw new AssertionError("line not printed by " + this);
  }

  /** Standard output so far. */
  public List<String> lines() {
    return read("out").lines().toList();
  }

  public String lastLine() {
    List<String> lines = lines();
    return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
  }

  /** Standard error so far. */
  public String errors() {
    return read("err");
  }

  public ProcessHandle handle() {
    return process.toHandle();
  }

  public void terminate() {
    process.toHandle().destroy();
  }

  /** Closes the pipe to its standard input. */
  public void endInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int awaitEnd() {
    try {
      if (process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        return process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError("not ended: " + this);
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    awaitEnd();
    try {
      for (String name : List.of("out", "err", "")) {
        Files.delete(directory.resolve(name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return process.info().commandLine().orElse("process")
        + "\noutput:\n"
        + read("out")
        + "\nerrors:\n"
        + errors();
  }

  private String read(String name) {
    try {
      return Files.readString(directory.resolve(name), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
