package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.layout.Layout;
import io.registryetcd.layout.MalformedInstanceException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What etcd holds under a service's range, decoded: for each address the one instance to use.
 *
 * <p>A change costs the decoding of the value that changed, and nothing else. A value that cannot
 * be read is counted and reported once, and disturbs no other. Of several keys with one address (Go
 * writes {@code ::1:8888} where we write {@code [::1]:8888}) the one created last counts.
 *
 * <p>Changes only on the session's loop.
 */
final class InstanceTable {

  private static final Logger logger = LoggerFactory.getLogger(InstanceTable.class);

  /** Against whoever fills a range until its readers have no memory left. */
  static final int MOST_KEYS = 50_000;

  /** A key and what its value says. */
  private record Row(String key, long createRevision, Instance instance) {}

  private static final Comparator<Row> LATEST_FIRST =
      Comparator.comparingLong(Row::createRevision).reversed().thenComparing(Row::key);

  private final String range;
  private final Layout layout;
  private final int defaultWeight;

  private final Map<ByteString, Row> rows = new HashMap<>();
  private final Map<String, List<Row>> byAddress = new HashMap<>();
  private final Set<ByteString> malformed = new HashSet<>();
  private final Set<ByteString> filtered = new HashSet<>();
  private boolean toldThatFull;

  InstanceTable(String service, Layout layout, int defaultWeight) {
    this.range = layout.range(service);
    this.layout = layout;
    this.defaultWeight = defaultWeight;
  }

  int keys() {
    return rows.size() + malformed.size() + filtered.size();
  }

  int malformed() {
    return malformed.size();
  }

  int filtered() {
    return filtered.size();
  }

  boolean isEmpty() {
    return byAddress.isEmpty();
  }

  int addresses() {
    return byAddress.size();
  }

  /** The instance to use at an address. */
  Optional<Instance> at(String address) {
    List<Row> candidates = byAddress.get(address);
    return candidates == null ? Optional.empty() : Optional.of(candidates.get(0).instance());
  }

  /** All addresses. */
  Set<String> addressSet() {
    return byAddress.keySet();
  }

  /**
   * Makes this table what a list has shown.
   *
   * @return the addresses that may have changed
   */
  Set<String> replace(List<KeyValue> kvs) {
    // in the order of the list, in which what is kept in order grows fastest
    Set<String> touched = new LinkedHashSet<>();
    Set<ByteString> listed = new HashSet<>();
    kvs.forEach(kv -> listed.add(kv.key()));
    List<ByteString> gone = new ArrayList<>();
    for (Set<ByteString> known : List.of(rows.keySet(), malformed, filtered)) {
      known.stream().filter(key -> !listed.contains(key)).forEach(gone::add);
    }
    gone.forEach(key -> remove(key, touched));
    kvs.forEach(kv -> put(kv, touched));
    return touched;
  }

  /** Applies one event, and adds the addresses that may have changed to {@code touched}. */
  void apply(WatchEvent event, Set<String> touched) {
    if (event.put().isPresent()) {
      put(event.put().get(), touched);
    } else {
      remove(event.key(), touched);
    }
  }

  private void put(KeyValue kv, Set<String> touched) {
    String key = kv.key().toStringUtf8();
    if (!Layout.isInstanceKey(range, key)) {
      return;
    }
    boolean reported = malformed.contains(kv.key());
    remove(kv.key(), touched);
    if (keys() >= MOST_KEYS) {
      if (!toldThatFull) {
        toldThatFull = true;
        logger.error("skipped {}: there are {} keys already", LogText.escape(key), MOST_KEYS);
      }
      return;
    }
    try {
      Instance instance = layout.decode(kv.value().toByteArray());
      if (instance.weight() <= 0 && defaultWeight <= 0) {
        filtered.add(kv.key());
        return;
      }
      add(kv, key, instance.weight() > 0 ? instance : instance.withWeight(defaultWeight), touched);
    } catch (MalformedInstanceException e) {
      malformed.add(kv.key());
      if (!reported) {
        logger.warn(
            "skipped {}: {}; correct or delete the key", LogText.escape(key), e.getMessage());
      }
    }
  }

  private void add(KeyValue kv, String key, Instance instance, Set<String> touched) {
    Row row = new Row(key, kv.createRevision(), instance);
    rows.put(kv.key(), row);
    List<Row> candidates = byAddress.computeIfAbsent(instance.address(), a -> new ArrayList<>(1));
    candidates.add(row);
    candidates.sort(LATEST_FIRST);
    touched.add(instance.address());
  }

  private void remove(ByteString key, Set<String> touched) {
    malformed.remove(key);
    filtered.remove(key);
    Row row = rows.remove(key);
    if (row != null) {
      String address = row.instance().address();
      byAddress.computeIfPresent(
          address,
          (a, candidates) -> {
            candidates.remove(row);
            return candidates.isEmpty() ? null : candidates;
          });
      touched.add(address);
    }
  }
}
