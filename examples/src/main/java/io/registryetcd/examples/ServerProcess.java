package io.registryetcd.examples;

import io.registryetcd.Registration.State;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A hello server in a JVM of its own. */
final class ServerProcess {

  // for a quick start, and without the warnings of newer JDKs about libraries
  static final List<String> JVM_OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:+IgnoreUnrecognizedVMOptions",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");
  private static final Duration READY_LIMIT = Duration.ofSeconds(30);
  private static final Duration STEP_LIMIT = Duration.ofSeconds(20);
  private static final Duration END_LIMIT = Duration.ofSeconds(20);

  private final String id;
  private final Process process;
  private final List<Step> steps = new CopyOnWriteArrayList<>();
  private final CompletableFuture<String> address = new CompletableFuture<>();

  /** A step of the registration, as the server told it. */
  private record Step(Instant time, State state) {

    static Step parse(String line) {
      String[] words = line.split(" ", -1);
      return new Step(Instant.parse(words[1]), State.valueOf(words[2]));
    }
  }

  private ServerProcess(String id, Process process) {
    this.id = id;
    this.process = process;
  }

  static ServerProcess start(String id, List<String> flags) throws IOException {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(JVM_OPTIONS);
    words.addAll(List.of("-cp", System.getProperty("java.class.path")));
    words.addAll(List.of(Examples.class.getName(), "hello-server"));
    words.addAll(flags);
    words.addAll(List.of("--steps", "--until-end-of-input"));
    ServerProcess server = new ServerProcess(id, new ProcessBuilder(words).start());
    server.inBackground("output-of-", server::readOutput);
    server.inBackground("errors-of-", server::passErrorsOn);
    return server;
  }

  private void inBackground(String name, Runnable task) {
    Thread thread = new Thread(task, name + id);
    thread.setDaemon(true);
    thread.start();
  }

  String id() {
    return id;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The address it registered; known when ready. */
  String address() {
    return address.join();
  }

  void awaitReady() throws InterruptedException {
    try {
      address.get(READY_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("server " + id + " did not become ready", e);
    }
  }

  /** When the server's registration first reached a state after some time, by its own account. */
  Instant stepAfter(Instant since, State state) throws InterruptedException {
    return Await.until(
        STEP_LIMIT,
        "server " + id + " " + state,
        () ->
            steps.stream()
                .filter(step -> step.state() == state && step.time().isAfter(since))
                .findFirst()
                .map(Step::time)
                .orElse(null));
  }

  /** SIGTERM; returns when it was sent. The handle, because a process closes its pipes at once. */
  Instant terminate() {
    Instant now = Instant.now();
    process.toHandle().destroy();
    return now;
  }

  void awaitEnd() throws InterruptedException {
    if (!process.waitFor(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IllegalStateException("server " + id + " did not end");
    }
  }

  void kill() {
    process.destroyForcibly();
  }

  /** It may have been registered before anybody listened to its steps. */
  private void addRegisteredIfUntold() {
    if (steps.stream().noneMatch(step -> step.state() == State.REGISTERED)) {
      steps.add(new Step(Instant.now(), State.REGISTERED));
    }
  }

  private void readOutput() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(HelloServerCommand.STEP)) {
          steps.add(Step.parse(line));
        } else if (line.startsWith(HelloServerCommand.READY)) {
          addRegisteredIfUntold();
          address.complete(line.substring(HelloServerCommand.READY.length()));
        }
      }
    } catch (IOException e) {
      // killed
    } finally {
      address.completeExceptionally(new IllegalStateException("server " + id + " ended"));
    }
  }

  private void passErrorsOn() {
    try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
      lines.lines().forEach(line -> System.err.println("          [" + id + "] " + line));
    } catch (IOException | UncheckedIOException e) {
      // killed
    }
  }
}
