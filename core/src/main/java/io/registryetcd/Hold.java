package io.registryetcd;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps instances for a while that vanished as by accident: when etcd came back empty, when all
 * went within a second, or (opt-in) more than half within ten.
 *
 * <p>It only ever adds: what is in etcd is shown as it is, at once. A single removal is never held,
 * not even the last. Time comes in as a number.
 */
final class Hold {

  private static final long ALL_WINDOW = Duration.ofSeconds(1).toNanos();
  private static final long MAJORITY_WINDOW = Duration.ofSeconds(10).toNanos();

  private record Removal(Instance instance, long at) {}

  private record Held(Instance instance, long until) {}

  private final long holdNanos;
  private final boolean majority;
  private final Map<String, Held> held = new HashMap<>();
  private final Deque<Removal> removals = new ArrayDeque<>();

  Hold(Duration holdTime, boolean majority) {
    this.holdNanos = holdTime.toNanos();
    this.majority = majority;
  }

  Optional<Instance> at(String address) {
    return Optional.ofNullable(held.get(address)).map(Held::instance);
  }

  Set<Instance> instances() {
    Set<Instance> all = new HashSet<>();
    held.values().forEach(h -> all.add(h.instance()));
    return Set.copyOf(all);
  }

  /** It is in etcd (again). */
  void confirm(String address) {
    held.remove(address);
    removals.removeIf(removal -> removal.instance().address().equals(address));
  }

  /** It vanished together with the history that it was part of. */
  void keep(Instance vanished, long now) {
    if (holdNanos > 0) {
      held.put(vanished.address(), new Held(vanished, now + holdNanos));
    }
  }

  /** It was removed, for whatever reason. */
  void removed(Instance instance, long now) {
    if (holdNanos > 0 && !held.containsKey(instance.address())) {
      removals.add(new Removal(instance, now));
    }
  }

  /**
   * Judges the removals of late, after a batch of them.
   *
   * @param left how many instances etcd still holds
   * @return the addresses that are now held
   */
  Set<String> judge(int left, long now) {
    removals.removeIf(removal -> now - removal.at() > MAJORITY_WINDOW);
    Set<String> kept = new HashSet<>();
    if (left == 0) {
      keepRecent(ALL_WINDOW, now, 0, kept);
    }
    if (majority) {
      keepRecent(MAJORITY_WINDOW, now, left, kept);
    }
    return kept;
  }

  private void keepRecent(long window, long now, int left, Set<String> kept) {
    long lost = removals.stream().filter(removal -> now - removal.at() <= window).count();
    if (lost < 2 || lost <= left) {
      return;
    }
    removals.removeIf(
        removal -> {
          boolean recent = now - removal.at() <= window;
          if (recent) {
            keep(removal.instance(), now);
            kept.add(removal.instance().address());
          }
          return recent;
        });
  }

  /** Lets go what was held for its whole time, and tells the addresses. */
  Set<String> release(long now) {
    Set<String> released = new HashSet<>();
    held.values()
        .removeIf(
            h -> {
              boolean over = now - h.until() >= 0;
              if (over) {
                released.add(h.instance().address());
              }
              return over;
            });
    return released;
  }

  /** How long until the next one is to be let go. */
  Optional<Duration> nextRelease(long now) {
    return held.values().stream()
        .map(Held::until)
        .min(Long::compare)
        .map(until -> Duration.ofNanos(Math.max(0, until - now)));
  }
}
