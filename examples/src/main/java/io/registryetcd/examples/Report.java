package io.registryetcd.examples;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Tells what the quickstart does, and in a table what came of it. */
final class Report {

  private static final String FORMAT = "%-30s %6s %7s   %-24s %s%n";

  private final long start = System.nanoTime();
  private final PrintStream out;
  private final List<Row> rows = new ArrayList<>();

  Report(PrintStream out) {
    this.out = out;
  }

  void say(String text) {
    out.printf("%6.2f s  %s%n", (System.nanoTime() - start) / 1e9, text);
  }

  Row row(String what) {
    Row row = new Row(what);
    rows.add(row);
    return row;
  }

  /**
   * Prints the table.
   *
   * @return how many calls failed
   */
  int print() {
    out.println();
    out.printf(FORMAT, "what happened", "calls", "failed", "registered -> visible", "");
    int calls = 0;
    int failed = 0;
    for (Row row : rows) {
      calls += row.calls;
      failed += row.failed;
      out.printf(
          FORMAT,
          row.what,
          row.calls == 0 ? "-" : row.calls,
          row.calls == 0 ? "-" : row.failed,
          String.join(", ", row.latencies),
          row.more);
    }
    out.printf(FORMAT, "all", calls, failed, "", "");
    out.println(
        """

        registered -> visible: from when the server had etcd's answer until the client saw the
        change; 0.0 ms if the client was told first.
        """);
    return failed;
  }

  /** One thing that happened. */
  static final class Row {

    private final String what;
    private final List<String> latencies = new ArrayList<>();
    private int calls;
    private int failed;
    private String more = "";

    private Row(String what) {
      this.what = what;
    }

    Row calls(Tally.Counts counts) {
      calls = counts.calls();
      failed = counts.bad();
      return this;
    }

    Row visible(Latency latency) {
      latencies.add(latency.toString());
      return this;
    }

    Row more(String text) {
      more = text;
      return this;
    }
  }
}
