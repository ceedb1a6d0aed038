package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.sim.SimEtcd;
import io.registryetcd.sim.SimMoment;
import io.registryetcd.sim.SimOperator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What can befall etcd, the network and the processes: one thing at a time, at random. */
final class SimulationFaults {

  private static final ByteString FILLER = ByteString.copyFromUtf8("filler");

  /** A fault and how often it is chosen. */
  private record Weighted(int weight, Runnable fault) {}

  private final Simulation simulation;
  private final SimEtcd etcd;
  private final EtcdConfig config;
  private final SimulationDice dice;
  private final SimulationPeople people;
  private final List<SimOperator.Saved> saved = new ArrayList<>();
  private final List<Weighted> faults = new ArrayList<>();
  private int totalWeight;

  SimulationFaults(
      Simulation simulation,
      SimEtcd etcd,
      EtcdConfig config,
      SimulationDice dice,
      SimulationPeople people) {
    this.simulation = simulation;
    this.etcd = etcd;
    this.config = config;
    this.dice = dice;
    this.people = people;
    addFaultsOfEtcd();
    addFaultsOfNetworkAndProcesses();
    addWhatPeopleDo();
  }

  private void addFaultsOfEtcd() {
    add(6, this::restart);
    add(3, this::stayAway);
    add(4, this::wipe);
    add(2, this::wipeAndOvertake);
    add(5, this::saveAndRestore);
    add(6, this::freeze);
    add(4, this::loseOneMember);
    add(3, this::lag);
    add(2, this::isolate);
    add(3, () -> etcd.operator().compact(etcd.store().revision() - dice.below(3)));
  }

  private void addFaultsOfNetworkAndProcesses() {
    add(8, () -> dice.process().client().cut());
    add(10, this::setTrap);
    add(4, () -> dice.process().client().endStreams());
    add(4, () -> dice.process().client().cancelAnyWatch());
    add(5, this::blockOneWay);
    add(4, this::partition);
    add(5, this::cutPutCompact);
    add(4, this::cutDeleteCompact);
    add(5, this::pauseProcess);
    add(3, this::crash);
    add(3, () -> simulation.startProcess());
  }

  private void addWhatPeopleDo() {
    add(12, people::actInDoubt);
    add(8, people::leaveInDoubt);
    add(5, people::deleteKey);
    add(4, people::overwriteKey);
    add(4, people::putByHand);
    add(4, people::revokeLease);
    add(3, people::massDelete);
    add(4, people::deny);
    add(1, people::fill);
    add(16, () -> people.act(dice.process()));
  }

  private void add(int weight, Runnable fault) {
    faults.add(new Weighted(weight, fault));
    totalWeight += weight;
  }

  /** Lets some faults happen within a time. */
  void schedule(int count, Duration within) {
    for (int i = 0; i < count; i++) {
      dice.later(dice.millis(0, (int) within.toMillis()), this::happen);
    }
  }

  private void happen() {
    int choice = dice.below(totalWeight);
    for (Weighted candidate : faults) {
      choice -= candidate.weight();
      if (choice < 0) {
        candidate.fault().run();
        return;
      }
    }
  }

  /** Ends whatever has begun. */
  void heal() {
    dice.endRound();
    etcd.operator().permitAll();
    for (int i = 0; i < etcd.size(); i++) {
      etcd.start(i);
      etcd.wake(i);
      etcd.reunite(i);
      etcd.catchUp(i);
    }
    for (SimProcess process : simulation.processes()) {
      process.client().unblock();
      process.client().disarm();
      process.resume();
    }
  }

  // --- etcd

  private void restart() {
    downFor(dice.millis(1, 1500), () -> {});
  }

  private void stayAway() {
    downFor(config.leaseTtl().toNanos() + dice.millis(0, 6000), () -> {});
  }

  private void wipe() {
    downFor(dice.millis(1, 3000), () -> etcd.wipe(1 + dice.below(3), FILLER));
  }

  private void wipeAndOvertake() {
    downFor(
        dice.millis(1, 3000), () -> etcd.wipe(etcd.store().revision() + dice.below(10), FILLER));
  }

  private void saveAndRestore() {
    saved.add(etcd.operator().save());
    dice.later(
        dice.millis(100, 5000),
        () -> {
          SimOperator.Saved any = dice.any(saved);
          downFor(dice.millis(1, 3000), () -> etcd.restore(any));
        });
  }

  private void downFor(long nanos, Runnable meanwhile) {
    boolean silently = dice.once(8);
    for (int i = 0; i < etcd.size(); i++) {
      etcd.kill(i, silently);
    }
    meanwhile.run();
    for (int i = 0; i < etcd.size(); i++) {
      int member = i;
      dice.later(nanos + dice.millis(0, 100), () -> etcd.start(member));
    }
  }

  private void freeze() {
    long nanos =
        dice.once(2) ? dice.millis(10, 3000) : config.leaseTtl().toNanos() + dice.millis(0, 4000);
    int count = 1 + dice.below(etcd.size());
    for (int i = 0; i < count; i++) {
      int member = (dice.below(etcd.size()) + i) % etcd.size();
      etcd.freeze(member);
      dice.later(nanos, () -> etcd.wake(member));
    }
  }

  private void loseOneMember() {
    int member = dice.below(etcd.size());
    etcd.kill(member, dice.once(4));
    dice.later(dice.millis(100, 5000), () -> etcd.start(member));
  }

  private void lag() {
    int member = dice.below(etcd.size());
    etcd.lag(member);
    dice.process().client().cut();
    dice.later(dice.millis(100, 4000), () -> etcd.catchUp(member));
  }

  private void isolate() {
    int member = dice.below(etcd.size());
    etcd.isolate(member);
    dice.later(dice.millis(100, 8000), () -> etcd.reunite(member));
  }

  // --- network and processes

  private void setTrap() {
    SimMoment[] moments = SimMoment.values();
    dice.process().client().cutAfter(dice.any(List.of(moments)));
  }

  private void blockOneWay() {
    SimProcess process = dice.process();
    boolean toEtcd = dice.once(2);
    process.client().block(toEtcd, !toEtcd);
    dice.later(dice.millis(50, 6000), () -> process.client().unblock());
  }

  private void partition() {
    SimProcess process = dice.process();
    process.client().partition();
    dice.later(dice.millis(50, 8000), () -> process.client().unblock());
  }

  /** What happens while a client is cut off is compacted when it is back. */
  private void cutPutCompact() {
    SimProcess process = dice.process();
    process.client().partition();
    process.client().cut();
    int changes = 1 + dice.below(3);
    for (int i = 0; i < changes; i++) {
      dice.later(dice.millis(0, 300), dice.once(3) ? people::deleteKey : people::putByHand);
    }
    dice.later(
        dice.millis(300, 400),
        () -> etcd.operator().compact(etcd.store().revision() - dice.below(2)));
    dice.later(dice.millis(400, 1500), () -> process.client().unblock());
  }

  /** A delete that a resumed watch begins at, and that is compacted. */
  private void cutDeleteCompact() {
    SimProcess process = dice.process();
    process.client().partition();
    process.client().cut();
    dice.later(
        dice.millis(100, 300),
        () -> {
          people.deleteKey();
          etcd.operator().compact(etcd.store().revision());
        });
    dice.later(dice.millis(400, 1500), () -> process.client().unblock());
  }

  private void pauseProcess() {
    SimProcess process = dice.process();
    long nanos =
        dice.once(2) ? dice.millis(10, 2000) : config.leaseTtl().toNanos() + dice.millis(0, 4000);
    process.pause();
    dice.later(nanos, process::resume);
  }

  private void crash() {
    SimProcess process = dice.process();
    process.crash();
    if (dice.once(2)) {
      dice.later(dice.millis(1, 2000), () -> simulation.startInPlaceOf(process));
    }
  }
}
