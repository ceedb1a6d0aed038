package io.registryetcd;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What changed from one snapshot to the next, for whoever follows a {@link ServiceView}.
 *
 * <p>The three lists are disjoint and not all empty. Applying every change in turn, starting from
 * nothing, always gives {@link #snapshot()}. Changes that come faster than a listener takes them
 * are merged into one.
 *
 * @param snapshot the instances after the change
 * @param added instances whose address is new
 * @param removed instances whose address is gone, as they were
 * @param updated instances whose weight or tags changed, as they are now
 * @since 0.1
 */
public record Change(
    Snapshot snapshot, List<Instance> added, List<Instance> removed, List<Instance> updated) {

  /**
   * Copies the lists.
   *
   * @param snapshot the instances after the change
   * @param added instances whose address is new
   * @param removed instances whose address is gone
   * @param updated instances whose weight or tags changed
   */
  public Change {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    updated = List.copyOf(updated);
  }

  /** What leads from some instances to a snapshot; empty if they are the same. */
  static Optional<Change> between(List<Instance> before, Snapshot after) {
    Map<String, Instance> gone = new TreeMap<>();
    before.forEach(instance -> gone.put(instance.address(), instance));
    List<Instance> added = new ArrayList<>();
    List<Instance> updated = new ArrayList<>();
    for (Instance instance : after.instances()) {
      Instance was = gone.remove(instance.address());
      if (was == null) {
        added.add(instance);
      } else if (!was.equals(instance)) {
        updated.add(instance);
      }
    }
    Change change = new Change(after, added, List.copyOf(gone.values()), updated);
    return change.isEmpty() ? Optional.empty() : Optional.of(change);
  }

  boolean isEmpty() {
    return added.isEmpty() && removed.isEmpty() && updated.isEmpty();
  }
}
