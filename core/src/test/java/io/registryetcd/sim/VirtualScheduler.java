package io.registryetcd.sim;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time, and all that is going to happen in it.
 *
 * <p>Tasks run one at a time, by due time. Among those due at the same time a seeded random
 * chooses, except that the tasks of one {@link Lane} keep their order. A task belongs to a {@link
 * Host}: while that is paused its tasks wait, and once it is dead they are dropped.
 */
public final class VirtualScheduler {

  private static final int TIES = 1 << 30;

  private final RandomGenerator random;
  private final PriorityQueue<Task> queue = new PriorityQueue<>(Task.ORDER);
  private long now;
  private long sequence;
  private long executed;

  /** A scheduler at time 0 whose choices come from {@code random}. */
  public VirtualScheduler(RandomGenerator random) {
    this.random = random;
  }

  /** The time in nanoseconds. */
  public long now() {
    return now;
  }

  /** How many tasks have run. */
  public long executed() {
    return executed;
  }

  /** A new host. */
  public Host host(String name) {
    return new Host(this, name);
  }

  /** Runs {@code action} after {@code delayNanos}, unless its host is dead by then. */
  public Task after(long delayNanos, Host host, Runnable action) {
    Task task = new Task(host, null, action, sequence++);
    return add(task, now + Math.max(0, delayNanos), random.nextInt(TIES));
  }

  /**
   * Runs the next task; false if none is due before or at {@code until}, and then it is that time.
   */
  public boolean runNext(long until) {
    while (true) {
      Task task = queue.peek();
      if (task == null || task.time > until) {
        now = Math.max(now, until);
        return false;
      }
      queue.poll();
      now = task.time;
      if (!task.canceled && task.host.admits(task)) {
        executed++;
        task.action.run();
        return true;
      }
    }
  }

  private Task add(Task task, long time, long tie) {
    task.time = time;
    task.tie = tie;
    queue.add(task);
    return task;
  }

  /** A task that waited for its host: before what else is due now, in its lane's order. */
  void addLate(Task task) {
    long tie = task.lane == null ? random.nextInt(TIES) : task.lane.lateTie();
    add(task, now, tie - (1L << 50));
  }

  /** Actions of one host that happen in the order in which they were given. */
  public static final class Lane {

    private final VirtualScheduler scheduler;
    private final Host host;
    private long lastTime = -1;
    private long lastTie;
    private long lateTime = -1;
    private long lateTie;

    Lane(VirtualScheduler scheduler, Host host) {
      this.scheduler = scheduler;
      this.host = host;
    }

    /** Runs {@code action} after {@code delayNanos}, or later if those before it are later. */
    public Task after(long delayNanos, Runnable action) {
      long due = scheduler.now + Math.max(0, delayNanos);
      if (due > lastTime) {
        lastTime = due;
        lastTie = scheduler.random.nextInt(TIES);
      } else {
        lastTie += scheduler.random.nextInt(TIES >> 6);
      }
      Task task = new Task(host, this, action, scheduler.sequence++);
      return scheduler.add(task, lastTime, lastTie);
    }

    private long lateTie() {
      if (lateTime != scheduler.now) {
        lateTime = scheduler.now;
        lateTie = scheduler.random.nextInt(TIES);
      }
      lateTie += scheduler.random.nextInt(TIES >> 6);
      return lateTie;
    }
  }

  /** Something that is going to happen. */
  public static final class Task {

    static final Comparator<Task> ORDER = Task::order;

    private final Host host;
    private final @Nullable Lane lane;
    private final Runnable action;
    private final long sequence;
    private long time;
    private long tie;
    private boolean canceled;

    private Task(Host host, @Nullable Lane lane, Runnable action, long sequence) {
      this.host = host;
      this.lane = lane;
      this.action = action;
      this.sequence = sequence;
    }

    /** Takes it back, if it has not happened. */
    public void cancel() {
      canceled = true;
    }

    private static int order(Task a, Task b) {
      if (a.time != b.time) {
        return Long.compare(a.time, b.time);
      }
      return a.tie != b.tie ? Long.compare(a.tie, b.tie) : Long.compare(a.sequence, b.sequence);
    }
  }
}
