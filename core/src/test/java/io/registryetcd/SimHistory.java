package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.layout.Layout;
import io.registryetcd.layout.MalformedInstanceException;
import io.registryetcd.sim.SimStore;
import io.registryetcd.sim.SimStore.Commit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a reader of one service should see at each revision of one life of etcd: the reference for
 * views.
 */
final class SimHistory {

  private final SimStore store;
  private final Layout layout;
  private final String service;
  private final int defaultWeight;
  private final KeyRange range;
  private final TreeMap<Long, State> states = new TreeMap<>();
  private final Map<ByteString, KeyValue> keys =
      new TreeMap<>(ByteString.unsignedLexicographicalComparator());
  private int commitsRead;

  SimHistory(SimStore store, Layout layout, String service, int defaultWeight) {
    this.store = store;
    this.layout = layout;
    this.service = service;
    this.defaultWeight = defaultWeight;
    this.range = KeyRange.prefix(layout.range(service));
    states.put(0L, new State(List.of()));
  }

  /** The instances at a revision. */
  Set<Instance> at(long revision) {
    readOn();
    return states.floorEntry(revision).getValue().instances();
  }

  /** The instances now. */
  Set<Instance> now() {
    return at(Long.MAX_VALUE);
  }

  private void readOn() {
    List<Commit> log = store.log();
    while (commitsRead < log.size()) {
      Commit commit = log.get(commitsRead++);
      boolean changed = false;
      for (WatchEvent event : commit.events()) {
        if (range.contains(event.key())) {
          changed = true;
          event.put().ifPresentOrElse(kv -> keys.put(kv.key(), kv), () -> keys.remove(event.key()));
        }
      }
      if (changed) {
        states.put(commit.revision(), new State(List.copyOf(keys.values())));
      }
    }
  }

  /** Key-values, decoded when first asked for. */
  private final class State {

    private final List<KeyValue> kvs;
    private @Nullable Set<Instance> instances;

    State(List<KeyValue> kvs) {
      this.kvs = kvs;
    }

    Set<Instance> instances() {
      Set<Instance> known = instances;
      if (known == null) {
        known = decode();
        instances = known;
      }
      return known;
    }

    private Set<Instance> decode() {
      List<KeyValue> newestFirst = new ArrayList<>(kvs);
      newestFirst.sort(Comparator.comparingLong(KeyValue::createRevision).reversed());
      Map<String, Instance> byAddress = new HashMap<>();
      for (KeyValue kv : newestFirst) {
        if (Layout.isInstanceKey(layout.range(service), kv.key().toStringUtf8())) {
          try {
            Instance instance = layout.decode(kv.value().toByteArray());
            byAddress.putIfAbsent(instance.address(), weighted(instance));
          } catch (MalformedInstanceException malformed) {
            // skipped, as every reader should
          }
        }
      }
      return new HashSet<>(byAddress.values());
    }

    private Instance weighted(Instance instance) {
      return instance.weight() > 0 ? instance : instance.withWeight(defaultWeight);
    }
  }
}
