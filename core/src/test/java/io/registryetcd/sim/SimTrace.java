package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The last lines of what happened in a run; off, and then free of cost, until a run is repeated for
 * its trace.
 */
public final class SimTrace {

  private final VirtualScheduler scheduler;
  private final int limit;
  private final Deque<String> lines = new ArrayDeque<>();

  /** A trace that keeps {@code limit} lines; 0 turns it off. */
  public SimTrace(VirtualScheduler scheduler, int limit) {
    this.scheduler = scheduler;
    this.limit = limit;
  }

  /** Whether lines are kept. */
  public boolean isOn() {
    return limit > 0;
  }

  /** Keeps a line: who did what, formatted only if the trace is on. */
  public void add(String who, String what, @Nullable Object... arguments) {
    if (!isOn()) {
      return;
    }
    if (lines.size() == limit) {
      lines.removeFirst();
    }
    @Nullable Object[] shown = arguments.clone();
    for (int i = 0; i < shown.length; i++) {
      shown[i] = shown[i] instanceof ByteString bytes ? bytes.toStringUtf8() : shown[i];
    }
    String text = shown.length == 0 ? what : String.format(Locale.ROOT, what, shown);
    lines.add(String.format(Locale.ROOT, "%10.4f %-9s %s", scheduler.now() / 1e9, who, text));
  }

  /** The kept lines, oldest first. */
  public List<String> lines() {
    return List.copyOf(lines);
  }
}
