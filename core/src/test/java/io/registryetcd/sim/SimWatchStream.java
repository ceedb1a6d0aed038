package io.registryetcd.sim;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.etcd.WatchStream;
import io.registryetcd.sim.SimStore.Commit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Watches as etcd serves them: "created" with the newest revision first, then what history has
 * since the start, in steps, then what happens. A start that is compacted is refused; one in the
 * future waits in silence.
 */
final class SimWatchStream extends SimStream implements WatchStream {

  private static final int SYNC_NANOS = 100_000_000;

  private final Listener listener;
  private final Map<Long, Watcher> watchers = new TreeMap<>();
  private final Set<Long> canceledByClient = new HashSet<>();

  SimWatchStream(SimConnection connection, Listener listener) {
    super(connection);
    this.listener = listener;
  }

  @Override
  public void watch(long watch, KeyRange range, long startRevision) {
    etcd.trace.add(client().name(), "watch %d %s from %d", watch, range.start(), startRevision);
    toMember(() -> create(watch, range, startRevision));
  }

  @Override
  public void cancel(long watch) {
    canceledByClient.add(watch);
    toMember(() -> watchers.remove(watch));
  }

  @Override
  public void close() {
    closeByClient();
  }

  private SimEtcdClient client() {
    return connection.client;
  }

  private void create(long watch, KeyRange range, long startRevision) {
    long applied = member().applied();
    Watcher watcher = new Watcher(watch, range, startRevision == 0 ? applied + 1 : startRevision);
    watchers.put(watch, watcher);
    Header header = member().header();
    int life = etcd.lives().size();
    toClient(() -> tellCreated(header, life, watch));
    if (watcher.next <= applied) {
      watcher.behind = true;
      syncSoon(watcher);
    }
  }

  private void tellCreated(Header header, int life, long watch) {
    client().heard(header, life, false);
    listener.onCreated(header, watch);
    client().reached(connection, SimMoment.CREATED);
  }

  private void syncSoon(Watcher watcher) {
    connection.atMember(etcd.random.nextInt(SYNC_NANOS), () -> sync(watcher));
  }

  private void sync(Watcher watcher) {
    if (!isServed() || watchers.get(watcher.watch) != watcher) {
      return;
    }
    if (watcher.next < member().compacted()) {
      cancelByMember(
          watcher, member().compacted(), Kind.COMPACTED, "required revision has been compacted");
      return;
    }
    List<Commit> commits = etcd.store().commits(watcher.next, member().applied());
    int step = commits.isEmpty() ? 0 : 1 + etcd.random.nextInt(commits.size());
    if (step < commits.size()) {
      deliver(watcher, commits.subList(0, step));
      watcher.next = commits.get(step).revision();
      syncSoon(watcher);
    } else {
      deliver(watcher, commits);
      watcher.next = Math.max(watcher.next, member().applied() + 1);
      watcher.behind = false;
    }
  }

  @Override
  void pump() {
    for (Watcher watcher : watchers.values()) {
      if (!watcher.behind && watcher.next <= member().applied() && isServed()) {
        deliver(watcher, etcd.store().commits(watcher.next, member().applied()));
        watcher.next = member().applied() + 1;
      }
    }
  }

  /** Sends the events of some commits, in one message or several, never cutting a commit. */
  private void deliver(Watcher watcher, List<Commit> commits) {
    List<WatchEvent> message = new ArrayList<>();
    for (Commit commit : commits) {
      for (WatchEvent event : commit.events()) {
        if (watcher.range.contains(event.key()) && !swallows(watcher, event)) {
          message.add(event);
        }
      }
      if (!message.isEmpty() && etcd.random.nextInt(3) == 0) {
        send(watcher, List.copyOf(message));
        message.clear();
      }
    }
    if (!message.isEmpty()) {
      send(watcher, List.copyOf(message));
    }
  }

  private void send(Watcher watcher, List<WatchEvent> events) {
    Header header = member().header();
    int life = etcd.lives().size();
    toClient(
        () -> {
          etcd.trace.add(client().name(), "watch %d: %s", watcher.watch, new Shown(events));
          client().heard(header, life, false);
          listener.onEvents(header, watcher.watch, events);
        });
  }

  private boolean swallows(Watcher watcher, WatchEvent event) {
    boolean swallowed =
        etcd.swallowsDeleteAtCompaction()
            && watcher.behind
            && event.put().isEmpty()
            && event.modRevision() == member().compacted();
    if (swallowed) {
      etcd.trace.add(
          "etcd",
          "keeps the delete at the compacted revision %d from %s",
          event.modRevision(),
          client().name());
      etcd.observer.deleteSwallowed(client().name(), watcher.range);
    }
    return swallowed;
  }

  /** Ends one watch for no fault of the client's; false if there is none. */
  boolean cancelAny() {
    if (watchers.isEmpty() || !isServed()) {
      return false;
    }
    List<Watcher> all = List.copyOf(watchers.values());
    cancelByMember(all.get(etcd.random.nextInt(all.size())), 0, Kind.UNAVAILABLE, "watch canceled");
    return true;
  }

  private void cancelByMember(Watcher watcher, long compactRevision, Kind kind, String why) {
    watchers.remove(watcher.watch);
    toClient(
        () -> {
          if (!canceledByClient.contains(watcher.watch)) {
            etcd.trace.add(client().name(), "watch %d canceled: %s", watcher.watch, why);
            EtcdException cause = new EtcdException(kind, member().toString(), why);
            listener.onCanceled(watcher.watch, compactRevision, cause);
          }
        });
  }

  @Override
  void tellEnd(EtcdException cause) {
    listener.onEnd(cause);
  }

  @Override
  public String toString() {
    return "watch stream";
  }

  private static final class Watcher {
    private final long watch;
    private final KeyRange range;
    private long next;
    private boolean behind;

    private Watcher(long watch, KeyRange range, long next) {
      this.watch = watch;
      this.range = range;
      this.next = next;
    }
  }

  /** Events, formatted only if asked. */
  private record Shown(List<WatchEvent> events) {
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder();
      for (WatchEvent event : events) {
        text.append(event.put().isPresent() ? " put " : " delete ")
            .append(event.key().toStringUtf8())
            .append('@')
            .append(event.modRevision());
      }
      return text.toString();
    }
  }
}
