package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.WatchEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The keys of one life of an etcd, with their whole history: a multi-version store.
 *
 * <p>Every commit makes one revision, however many keys it changes. Compaction only forbids
 * reading; the history stays, because the checks need it.
 */
public final class SimStore {

  static final Comparator<ByteString> ORDER = ByteString.unsignedLexicographicalComparator();

  /** What one revision changed, in key order. */
  public record Commit(long revision, List<WatchEvent> events) {}

  private final TreeMap<ByteString, KeyValue> keys = new TreeMap<>(ORDER);
  private final List<Commit> log = new ArrayList<>();
  private long revision = 1;
  private long compacted;

  /** An empty store, at revision 1 as a new etcd. */
  public SimStore() {}

  /** The store that another one was at a revision: what a restored snapshot is. */
  SimStore(SimStore other, long atRevision) {
    for (Commit commit : other.log) {
      if (commit.revision() <= atRevision) {
        commit.events().forEach(this::replay);
        log.add(commit);
        revision = commit.revision();
      }
    }
  }

  private void replay(WatchEvent event) {
    event.put().ifPresentOrElse(kv -> keys.put(kv.key(), kv), () -> keys.remove(event.key()));
  }

  /** The newest revision. */
  public long revision() {
    return revision;
  }

  /** The revision below which nothing can be read; 0 if nothing was compacted. */
  public long compacted() {
    return compacted;
  }

  /** All commits, oldest first. */
  public List<Commit> log() {
    return Collections.unmodifiableList(log);
  }

  /** The newest value of a key. */
  public Optional<KeyValue> get(ByteString key) {
    return Optional.ofNullable(keys.get(key));
  }

  /** The newest values of a range, in key order. */
  public List<KeyValue> range(KeyRange range) {
    if (range.end().isEmpty()) {
      return get(range.start()).map(List::of).orElse(List.of());
    }
    return List.copyOf(keys.subMap(range.start(), range.end()).values());
  }

  /** The values of a range as they were at a revision. */
  List<KeyValue> rangeAt(KeyRange range, long atRevision) {
    Map<ByteString, KeyValue> state = new TreeMap<>(ORDER);
    for (Commit commit : log) {
      if (commit.revision() > atRevision) {
        break;
      }
      for (WatchEvent event : commit.events()) {
        if (range.contains(event.key())) {
          event
              .put()
              .ifPresentOrElse(kv -> state.put(kv.key(), kv), () -> state.remove(event.key()));
        }
      }
    }
    return List.copyOf(state.values());
  }

  /** The commits from a revision on, that one included, up to another, included too. */
  List<Commit> commits(long from, long to) {
    int start =
        Collections.binarySearch(
            log, new Commit(from, List.of()), Comparator.comparingLong(Commit::revision));
    int index = start >= 0 ? start : -start - 1;
    int end = index;
    while (end < log.size() && log.get(end).revision() <= to) {
      end++;
    }
    return log.subList(index, end);
  }

  /** Whether a compare of a transaction holds now. */
  boolean holds(Txn.Compare compare) {
    KeyValue kv = keys.get(compare.key());
    long actual =
        kv == null ? 0 : compare.target() == Txn.Target.LEASE ? kv.lease() : kv.modRevision();
    return actual == compare.expected();
  }

  /** Begins a revision; nothing is seen of it before its commit. */
  Write write() {
    return new Write();
  }

  void compact(long atRevision) {
    compacted = Math.max(compacted, Math.min(atRevision, revision));
  }

  /** Changes that become one revision. */
  final class Write {

    private final TreeMap<ByteString, WatchEvent> events = new TreeMap<>(ORDER);

    Write put(ByteString key, ByteString value, long lease) {
      KeyValue old = keys.get(key);
      long next = revision + 1;
      KeyValue kv =
          old == null
              ? new KeyValue(key, value, next, next, 1, lease)
              : new KeyValue(key, value, old.createRevision(), next, old.version() + 1, lease);
      events.put(key, WatchEvent.put(kv));
      return this;
    }

    Write delete(ByteString key) {
      if (keys.containsKey(key)) {
        events.put(key, WatchEvent.delete(key, revision + 1));
      }
      return this;
    }

    /** A key as this write will leave it. */
    Optional<KeyValue> get(ByteString key) {
      WatchEvent event = events.get(key);
      return event != null ? event.put() : SimStore.this.get(key);
    }

    /** The events of the new revision; none, and no new revision, if nothing changed. */
    List<WatchEvent> commit() {
      if (events.isEmpty()) {
        return List.of();
      }
      Commit commit = new Commit(++revision, List.copyOf(events.values()));
      commit.events().forEach(SimStore.this::replay);
      log.add(commit);
      return commit.events();
    }
  }
}
