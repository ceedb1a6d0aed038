package io.registryetcd;

import io.registryetcd.sim.Host;
import io.registryetcd.sim.VirtualScheduler;
import io.registryetcd.sim.VirtualScheduler.Lane;
import io.registryetcd.sim.VirtualScheduler.Task;
import java.time.Duration;

/** The loop of a simulated process, on virtual time. */
final class SimLoop implements Loop {

  private final VirtualScheduler scheduler;
  private final Host host;
  private final Lane lane;
  private boolean closed;

  SimLoop(VirtualScheduler scheduler, Host host) {
    this.scheduler = scheduler;
    this.host = host;
    this.lane = host.lane();
  }

  @Override
  public long nanos() {
    return scheduler.now();
  }

  @Override
  public void execute(Runnable task) {
    if (!closed) {
      lane.after(0, () -> runUnlessClosed(task));
    }
  }

  @Override
  public Timer schedule(Duration delay, Runnable task) {
    if (closed) {
      return () -> {};
    }
    Task timer = scheduler.after(delay.toNanos(), host, () -> runUnlessClosed(task));
    return timer::cancel;
  }

  private void runUnlessClosed(Runnable task) {
    if (!closed) {
      task.run();
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }
}
