package io.registryetcd.examples;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts calls by who answered. Safe for use by many threads. */
final class Tally {

  private final SortedMap<String, Integer> byInstance = new TreeMap<>();
  private int calls;
  private int bad;

  /**
   * What was counted.
   *
   * @param bad those that failed, or were answered with something else
   */
  record Counts(int calls, int bad, SortedMap<String, Integer> byInstance) {}

  synchronized void answered(String message, String answer) {
    int bar = answer.indexOf('|');
    if (bar < 0 || !answer.substring(bar + 1).equals(message)) {
      failed();
    } else {
      calls++;
      byInstance.merge(answer.substring(0, bar), 1, Integer::sum);
    }
  }

  synchronized void failed() {
    calls++;
    bad++;
  }

  synchronized Counts counts() {
    return new Counts(calls, bad, Collections.unmodifiableSortedMap(new TreeMap<>(byInstance)));
  }

  /** What was counted, to begin anew. */
  synchronized Counts take() {
    Counts taken = counts();
    byInstance.clear();
    calls = 0;
    bad = 0;
    return taken;
  }
}
