package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ClientThreadTest {

  @Test
  void aTaskThatEndsWithAnErrorIsLoggedAndTheNextOneRuns() {
    ClientThread thread = new ClientThread();
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream out = System.out;
    try {
      System.setOut(new PrintStream(log, true, StandardCharsets.UTF_8));
      thread.execute(
          () -> {
            throw new NoSuchMethodError("made up");
          });
      CompletableFuture.runAsync(() -> {}, thread).join();
    } finally {
      System.setOut(out);
      thread.shutdown();
    }
    assertThat(log.toString(StandardCharsets.UTF_8)).contains("NoSuchMethodError: made up");
  }
}
