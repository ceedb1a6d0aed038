package io.registryetcd.testkit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/** What a {@link FaultProxy} does to the bytes of one direction, on all connections. */
final class ProxyLine {
  private static final long NO_CUT = -1;

  private final LongAdder forwarded = new LongAdder();
  private final LongAdder lost = new LongAdder();
  private Mode mode = Mode.PASS;
  private Duration delay = Duration.ZERO;
  private long untilCut = NO_CUT;

  synchronized void pass() {
    mode = Mode.PASS;
    delay = Duration.ZERO;
    untilCut = NO_CUT;
    notifyAll();
  }

  synchronized void mode(Mode wanted) {
    mode = wanted;
    notifyAll();
  }

  synchronized void delay(Duration wanted) {
    delay = wanted;
  }

  synchronized void cutAfter(long bytes) {
    untilCut = bytes;
  }

  /** Lets the waiting threads look again whether their connection is open. */
  synchronized void wake() {
    notifyAll();
  }

  synchronized boolean isDropping() {
    return mode == Mode.DROP;
  }

  /** Waits for the delay of bytes that have just been read. */
  synchronized void awaitDelay(BooleanSupplier open) throws InterruptedException {
    long end = System.nanoTime() + delay.toNanos();
    for (long left = delay.toNanos();
        left > 0 && open.getAsBoolean();
        left = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  /** Waits while the line is stalled. */
  synchronized void awaitFlow(BooleanSupplier open) throws InterruptedException {
    while (mode == Mode.STALL && open.getAsBoolean()) {
      wait();
    }
  }

  /** How many of these bytes may pass, and whether the connection is to be cut after them. */
  synchronized Grant grant(int bytes) {
    if (untilCut == NO_CUT) {
      return new Grant(bytes, false);
    }
    if (bytes < untilCut) {
      untilCut -= bytes;
      return new Grant(bytes, false);
    }
    int allowed = (int) untilCut;
    untilCut = NO_CUT;
    return new Grant(allowed, true);
  }

  void count(int bytes) {
    forwarded.add(bytes);
  }

  long forwarded() {
    return forwarded.sum();
  }

  void countLost(int bytes) {
    lost.add(bytes);
  }

  long lost() {
    return lost.sum();
  }

  /** The answer of {@link #grant}. */
  record Grant(int bytes, boolean cut) {}

  /** What happens to bytes. */
  enum Mode {
    PASS,
    DROP,
    STALL
  }
}
