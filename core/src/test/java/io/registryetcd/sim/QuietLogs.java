package io.registryetcd.sim;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Drops what is written to the standard output, where the log of the tests goes: in thousands of
 * runs the engine warns of faults that are meant.
 */
public final class QuietLogs implements AutoCloseable {

  private final PrintStream out = System.out;

  /** Drops output from now on. */
  public QuietLogs() {
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
  }

  /** The output that is not dropped. */
  public PrintStream out() {
    return out;
  }

  @Override
  public void close() {
    System.setOut(out);
  }
}
