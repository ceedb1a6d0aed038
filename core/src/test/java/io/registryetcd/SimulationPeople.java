package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.SimProcess.Entry;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.sim.SimEtcd;
import io.registryetcd.sim.SimLease;
import io.registryetcd.sim.SimMoment;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What people do while faults happen: operators to etcd by hand, and the code of the processes. */
final class SimulationPeople {

  private final Simulation simulation;
  private final SimEtcd etcd;
  private final EtcdConfig config;
  private final SimulationDice dice;
  private long operatorLeases = 1000;

  SimulationPeople(Simulation simulation, SimEtcd etcd, EtcdConfig config, SimulationDice dice) {
    this.simulation = simulation;
    this.etcd = etcd;
    this.config = config;
    this.dice = dice;
  }

  /** One thing that is put right within moments when nothing else happens. */
  void disturb() {
    if (dice.once(2)) {
      deleteKey();
    } else {
      revokeOneOf(etcd.leases().all().stream().filter(lease -> !lease.keys().isEmpty()).toList());
    }
  }

  void deleteKey() {
    dice.key().ifPresent(kv -> etcd.operator().delete(KeyRange.key(kv.key())));
  }

  void overwriteKey() {
    dice.key().ifPresent(kv -> etcd.operator().put(kv.key(), dice.value(), leaseFor(kv)));
  }

  void putByHand() {
    String prefix = config.layout().range(dice.service());
    Map<ByteString, ByteString> values =
        new TreeMap<>(ByteString.unsignedLexicographicalComparator());
    int count = 1 + dice.below(2);
    for (int i = 0; i < count; i++) {
      values.put(ByteString.copyFromUtf8(prefix + "hand" + dice.below(4)), dice.value());
    }
    etcd.operator().put(values, operatorLease());
  }

  /** Mostly another owner, sometimes the one it has. */
  private long leaseFor(KeyValue kv) {
    return dice.once(4) ? kv.lease() : operatorLease();
  }

  private long operatorLease() {
    if (dice.once(3)) {
      return 0;
    }
    etcd.operator().grant(++operatorLeases, 2 + dice.below(3));
    return etcd.leases().get(operatorLeases).map(SimLease::id).orElse(0L);
  }

  void revokeLease() {
    revokeOneOf(List.copyOf(etcd.leases().all()));
  }

  private void revokeOneOf(List<SimLease> leases) {
    if (!leases.isEmpty()) {
      etcd.operator().revoke(dice.any(leases).id());
    }
  }

  /** Takes the permission for a key that somebody has, or may come to have. */
  void deny() {
    String name = config.layout().key(dice.service(), simulation.newInstance());
    ByteString any = ByteString.copyFromUtf8(name);
    ByteString key = dice.once(2) ? dice.key().map(KeyValue::key).orElse(any) : any;
    etcd.operator().permit(key, false);
    act(dice.process());
    dice.later(dice.millis(100, 8000), () -> etcd.operator().permit(key, true));
  }

  void fill() {
    etcd.operator().fill();
    dice.later(dice.millis(100, 4000), etcd.operator()::permitAll);
  }

  void massDelete() {
    etcd.operator().delete(KeyRange.prefix(config.layout().range(dice.service())));
  }

  /** One call of a process's own code. */
  void act(SimProcess process) {
    int choice = dice.below(26);
    if (choice < 7) {
      register(process);
    } else if (choice < 12) {
      withEntry(process, entry -> process.deregister(entry));
    } else if (choice < 17) {
      withEntry(process, entry -> process.update(entry, 1 + dice.below(50), dice.tags()));
    } else if (choice < 22) {
      withEntry(process, process::pauseOrResume);
    } else if (choice < 25) {
      openOrCloseView(process);
    } else {
      dice.later(0, process.host(), process::close);
    }
  }

  /** Calls whose outcome is not known, for the connection fails while they are under way. */
  void actInDoubt() {
    SimProcess process = dice.process();
    switch (dice.below(5)) {
      case 0 -> process.client().cutAfter(SimMoment.TXN);
      case 1 -> process.client().block(true, false);
      case 2 -> process.client().block(false, true);
      case 3 -> etcd.freeze(dice.below(etcd.size()));
      default -> process.client().partition();
    }
    act(process);
    if (dice.once(2)) {
      dice.later(dice.millis(0, 4000), () -> act(process));
    }
    if (dice.once(2)) {
      dice.later(dice.millis(1, 20), () -> process.client().cut());
    }
    dice.later(dice.millis(20, 6000), () -> endDoubt(process));
  }

  /** A registration that ends while nobody knows whether its put was, or will be, executed. */
  void leaveInDoubt() {
    SimProcess process = dice.process();
    String service = dice.service();
    Instance instance = simulation.newInstance();
    process.client().cutAfter(SimMoment.TXN_SENT);
    dice.later(0, process.host(), () -> process.register(service, instance));
    dice.later(
        dice.millis(5, 2000),
        process.host(),
        () ->
            process
                .entry(config.layout().key(service, instance))
                .filter(entry -> process.isRunning() && !entry.isClosing())
                .ifPresent(!dice.once(3) ? process::deregister : process::pauseOrResume));
  }

  private void endDoubt(SimProcess process) {
    process.client().unblock();
    for (int i = 0; i < etcd.size(); i++) {
      etcd.wake(i);
    }
  }

  private void register(SimProcess process) {
    String service = dice.service();
    dice.later(0, process.host(), () -> process.register(service, simulation.newInstance()));
  }

  /** Does something with a registration, in its process. */
  private void withEntry(SimProcess process, Consumer<Entry> action) {
    List<Entry> open = process.entries().stream().filter(entry -> !entry.isClosing()).toList();
    if (!open.isEmpty() && process.isRunning()) {
      Entry entry = dice.any(open);
      dice.later(0, process.host(), () -> action.accept(entry));
    }
  }

  private void openOrCloseView(SimProcess process) {
    String service = dice.service();
    dice.later(
        0,
        process.host(),
        () -> {
          if (process.isRunning() && process.followers().size() < 4) {
            process.open(service);
          } else if (process.isRunning()) {
            process.close(process.followers().get(0));
          }
        });
  }
}
