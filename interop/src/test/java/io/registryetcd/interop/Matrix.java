package io.registryetcd.interop;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Prints the matrix when all tests have run: a row for each display name that begins with K and a
 * number, its cells, and what the tests reported.
 */
public final class Matrix implements TestExecutionListener {

  /** What the name of a row begins with, so that K10 comes after K9. */
  private static final String ROW = "K\\d+ .*";

  private final Map<String, List<String>> rows = new ConcurrentHashMap<>();
  private final Map<String, String> reports = new ConcurrentHashMap<>();
  private final Set<String> skipped = ConcurrentHashMap.newKeySet();
  private volatile Optional<TestPlan> plan = Optional.empty();

  /** Found by the platform. */
  public Matrix() {}

  @Override
  public void testPlanExecutionStarted(TestPlan testPlan) {
    plan = Optional.of(testPlan);
  }

  @Override
  public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
    entry
        .getKeyValuePairs()
        .forEach((key, value) -> reports.put(test.getUniqueId(), key + " " + value));
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    skipped.add(reason);
    add(test, "skipped");
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isTest()) {
      add(test, result.getStatus() == Status.SUCCESSFUL ? "ok" : result.getStatus().toString());
    }
  }

  private void add(TestIdentifier test, String result) {
    String name = test.getDisplayName();
    String cell = "";
    if (!name.matches(ROW)) {
      cell = name.replace("\"", "") + " ";
      name = plan.flatMap(p -> p.getParent(test)).map(TestIdentifier::getDisplayName).orElse("");
    }
    if (name.matches(ROW)) {
      String report = reports.get(test.getUniqueId());
      rows.computeIfAbsent(name, row -> new CopyOnWriteArrayList<>())
          .add(cell + result + (report == null ? "" : " (" + report + ")"));
    }
  }

  @Override
  public void testPlanExecutionFinished(TestPlan testPlan) {
    skipped.forEach(reason -> System.out.println("tests with Go are skipped: " + reason));
    Map<String, List<String>> sorted = new TreeMap<>(Matrix::compare);
    sorted.putAll(rows);
    sorted.forEach(
        (row, cells) -> System.out.println("| " + row + " | " + String.join(", ", cells) + " |"));
  }

  private static int compare(String row, String other) {
    int byNumber = Integer.compare(number(row), number(other));
    return byNumber != 0 ? byNumber : row.compareTo(other);
  }

  private static int number(String row) {
    return Integer.parseInt(row.substring(1, row.indexOf(' ')));
  }
}
