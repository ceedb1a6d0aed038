package io.registryetcd;

import io.registryetcd.sim.SimEtcdClient;
import io.registryetcd.sim.SimStore;
import io.registryetcd.sim.SimTrace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Follows one view and checks all it shows against the history of etcd.
 *
 * <p>A snapshot does not say of which life of etcd it is. So all lives are kept in mind of which
 * the snapshots so far can be; when none is left, something was shown that never was.
 */
final class SimFollower {

  private final SimulationChecks checks;
  private final SimTrace trace;
  private final String process;
  private final SimEtcdClient client;
  private final ServiceView view;
  private final Map<String, Instance> fold = new TreeMap<>();
  private final Map<String, Long> heldSince = new HashMap<>();
  private Map<Integer, Long> revisionInLife = new TreeMap<>();
  private @Nullable Snapshot last;

  SimFollower(SimulationChecks checks, SimEtcdClient client, ServiceView view) {
    this.checks = checks;
    this.trace = checks.trace();
    this.client = client;
    this.process = client.name();
    this.view = view;
    revisionInLife.put(0, 0L);
    view.onChange(this::onChange);
  }

  String service() {
    return view.service();
  }

  ServiceView view() {
    return view;
  }

  /** Looks at the latest snapshot: P1 and P2. */
  void look() {
    Snapshot snapshot = view.snapshot();
    if (snapshot == last) {
      return;
    }
    last = snapshot;
    Set<Instance> confirmed = new HashSet<>(snapshot.instances());
    if (!confirmed.containsAll(snapshot.unconfirmed())) {
      throw fail("P1", "unconfirmed instances are not among the instances: " + snapshot);
    }
    confirmed.removeAll(snapshot.unconfirmed());
    trace.add(process, "view %s", snapshot);
    if (snapshot.revision() == 0) {
      if (!confirmed.isEmpty()) {
        throw fail("P1", "instances before the first list: " + snapshot);
      }
      return;
    }
    match(snapshot, confirmed);
    checkHold(snapshot);
  }

  private void match(Snapshot snapshot, Set<Instance> confirmed) {
    Map<Integer, Long> next = new TreeMap<>();
    List<SimStore> lives = checks.lives();
    long revision = snapshot.revision();
    revisionInLife.forEach(
        (life, before) -> {
          for (int l = life; l < lives.size(); l++) {
            boolean inOrder = l > life || revision >= before;
            if (inOrder
                && revision <= lives.get(l).revision()
                && checks.history(l, service()).at(revision).equals(confirmed)) {
              next.merge(l, revision, Math::min);
            }
          }
        });
    if (next.isEmpty() && client.hearing().wasMisledWithin(checks.untilRead().toNanos())) {
      for (int l = 0; l < lives.size(); l++) {
        next.put(l, 0L);
      }
    }
    if (next.isEmpty()) {
      throw fail("P1", notInHistory(snapshot, confirmed));
    }
    revisionInLife = next;
  }

  private String notInHistory(Snapshot snapshot, Set<Instance> confirmed) {
    List<String> expected = new ArrayList<>();
    revisionInLife.forEach(
        (life, before) -> {
          for (int l = life; l < checks.lives().size(); l++) {
            Set<Instance> was = checks.history(l, service()).at(snapshot.revision());
            expected.add("life " + l + " (seen up to " + (l == life ? before : 0) + "): " + was);
          }
        });
    return "shows " + confirmed + " at revision " + snapshot.revision() + ", etcd had " + expected;
  }

  /** Nothing is held for longer than the limit: P10. */
  private void checkHold(Snapshot snapshot) {
    Set<String> held = new HashSet<>();
    for (Instance instance : snapshot.unconfirmed()) {
      held.add(instance.address());
      heldSince.putIfAbsent(instance.address(), checks.now());
    }
    heldSince.keySet().retainAll(held);
  }

  /** The process stood still: times begin anew. */
  void forgive() {
    heldSince.replaceAll((address, since) -> checks.now());
  }

  /** To be called now and then: P10, and what is called live is watched. */
  void checkTime(long longestHold) {
    if (view.snapshot().isLive() && !client.hasOpenWatchStream() && !client.host().isPaused()) {
      throw fail("I2", "is called live without a watch: " + view.snapshot());
    }
    heldSince.forEach(
        (address, since) -> {
          if (checks.now() - since > longestHold && !client.host().isPaused()) {
            throw fail("P10", address + " is held for too long");
          }
        });
  }

  /** P3: the fold of the changes is the snapshot. */
  private void onChange(Change change) {
    trace.add(process, "change of %s: %s", service(), change);
    if (change.added().isEmpty() && change.removed().isEmpty() && change.updated().isEmpty()) {
      throw fail("P3", "empty change");
    }
    Set<String> addresses = new HashSet<>();
    for (List<Instance> part : List.of(change.added(), change.removed(), change.updated())) {
      for (Instance instance : part) {
        if (!addresses.add(instance.address())) {
          throw fail("P3", "not disjoint: " + change);
        }
      }
    }
    for (Instance instance : change.removed()) {
      Instance before = fold.remove(instance.address());
      if (before == null || !before.equals(instance)) {
        throw fail("P3", "removes what was not there: " + change);
      }
    }
    for (Instance instance : change.updated()) {
      Instance before = fold.put(instance.address(), instance);
      if (before == null || before.equals(instance)) {
        throw fail("P3", "updates what was not there, or the same: " + change);
      }
    }
    for (Instance instance : change.added()) {
      if (fold.put(instance.address(), instance) != null) {
        throw fail("P3", "adds what was there: " + change);
      }
    }
    if (!new HashSet<>(fold.values()).equals(new HashSet<>(change.snapshot().instances()))) {
      throw fail("P3", "fold " + fold.values() + " is not " + change);
    }
  }

  /** Why this view is not what etcd holds now; empty if it is: P4. */
  String lag() {
    Snapshot snapshot = view.snapshot();
    Set<Instance> confirmed = new HashSet<>(snapshot.instances());
    confirmed.removeAll(snapshot.unconfirmed());
    Set<Instance> expected = checks.history(checks.lives().size() - 1, service()).now();
    if (!snapshot.isLive() || view.problem().isPresent() || !confirmed.equals(expected)) {
      return process + " sees " + snapshot + ", etcd holds " + expected;
    }
    return "";
  }

  /** Why the listeners do not know what the view shows; empty if they do, and nothing is held. */
  String unsettled() {
    Snapshot snapshot = view.snapshot();
    boolean told = new HashSet<>(fold.values()).equals(new HashSet<>(snapshot.instances()));
    if (!told || !snapshot.unconfirmed().isEmpty()) {
      return process
          + " sees "
          + snapshot
          + ", was told "
          + fold.values()
          + ", held "
          + snapshot.unconfirmed();
    }
    return "";
  }

  /** Listeners' exceptions are caught by the engine, so a failure is also kept. */
  private SimulationFailure fail(String property, String message) {
    return checks.fail(property, process + ": view of " + service() + ": " + message);
  }
}
