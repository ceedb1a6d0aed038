package io.registryetcd.sim;

import io.registryetcd.sim.VirtualScheduler.Lane;
import io.registryetcd.sim.VirtualScheduler.Task;
import java.util.ArrayList;
import java.util.List;

/**
 * Something that runs, can be paused as by SIGSTOP, and can be killed: a server, a client, a member
 * of etcd.
 */
public final class Host {

  private final VirtualScheduler scheduler;
  private final String name;
  private final List<Task> deferred = new ArrayList<>();
  private boolean paused;
  private boolean dead;

  Host(VirtualScheduler scheduler, String name) {
    this.scheduler = scheduler;
    this.name = name;
  }

  /** A new lane of this host's. */
  public Lane lane() {
    return new Lane(scheduler, this);
  }

  /** Whether it has been killed. */
  public boolean isDead() {
    return dead;
  }

  /** Whether it stands still. */
  public boolean isPaused() {
    return paused;
  }

  /** Stops it: what becomes due waits. */
  public void pause() {
    paused = true;
  }

  /** Goes on: what became due meanwhile happens now, in random order but for that of each lane. */
  public void resume() {
    paused = false;
    List<Task> late = new ArrayList<>(deferred);
    deferred.clear();
    late.sort(Task.ORDER);
    late.forEach(scheduler::addLate);
  }

  /** Kills it: nothing of it happens any more. */
  public void kill() {
    dead = true;
    deferred.clear();
  }

  boolean admits(Task task) {
    if (paused && !dead) {
      deferred.add(task);
    }
    return !paused && !dead;
  }

  @Override
  public String toString() {
    return name;
  }
}
