package io.registryetcd.kitex;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What is logged until this is closed. */
final class LogLines implements AutoCloseable {

  private final PrintStream before = System.err;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private LogLines() {}

  static LogLines capture() {
    var lines = new LogLines();
    System.setErr(new PrintStream(lines.both(), true, StandardCharsets.UTF_8));
    return lines;
  }

  private OutputStream both() {
    return new OutputStream() {
      @Override
      public void write(int b) {
        before.write(b);
        bytes.write(b);
      }

      @Override
      public void write(byte[] some, int from, int count) {
        before.write(some, from, count);
        bytes.write(some, from, count);
      }
    };
  }

  /** The lines that are complete. */
  List<String> containing(String part) {
    String text = bytes.toString(StandardCharsets.UTF_8);
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .filter(line -> line.contains(part))
        .toList();
  }

  @Override
  public void close() {
    System.setErr(before);
  }
}
