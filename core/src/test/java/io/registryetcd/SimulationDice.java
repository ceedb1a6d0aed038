package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.sim.Host;
import io.registryetcd.sim.SimEtcd;
import io.registryetcd.sim.VirtualScheduler;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Random choices among what there is in a simulation, and when something happens. */
final class SimulationDice {

  private static final List<String> VALUES =
      List.of(
          "{\"network\":\"tcp\",\"address\":\"10.0.0.77:70\",\"weight\":7,\"tags\":{\"from\":\"hand\"}}",
          "{\"network\":\"tcp\",\"address\":\"::1:80\",\"weight\":0,\"tags\":null}",
          "{\"network\":\"tcp\",\"address\":\"[::1]:80\",\"weight\":3}",
          "{\"network\":\"tcp\"",
          "[]",
          "");

  private final Simulation simulation;
  private final VirtualScheduler scheduler;
  private final SimEtcd etcd;
  private final EtcdConfig config;
  private final RandomGenerator random;
  private final Host world;
  private int round;

  SimulationDice(
      Simulation simulation,
      VirtualScheduler scheduler,
      SimEtcd etcd,
      EtcdConfig config,
      RandomGenerator random) {
    this.simulation = simulation;
    this.scheduler = scheduler;
    this.etcd = etcd;
    this.config = config;
    this.random = random;
    this.world = scheduler.host("faults");
  }

  /** What was to happen later in this round does not happen any more. */
  void endRound() {
    round++;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  /** True once in so many times. */
  boolean once(int in) {
    return random.nextInt(in) == 0;
  }

  <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  SimProcess process() {
    return any(simulation.processes());
  }

  String service() {
    return any(simulation.services());
  }

  /** A key of a service. */
  Optional<KeyValue> key() {
    List<KeyValue> kvs = etcd.store().range(KeyRange.prefix(config.layout().range(service())));
    return kvs.isEmpty() ? Optional.empty() : Optional.of(any(kvs));
  }

  ByteString value() {
    return ByteString.copyFromUtf8(any(VALUES));
  }

  Map<String, String> tags() {
    return random.nextBoolean() ? Map.of() : Map.of("zone", "z" + random.nextInt(3));
  }

  long millis(int from, int to) {
    return Duration.ofMillis(from).toNanos()
        + random.nextLong(Duration.ofMillis(to - from).toNanos());
  }

  void later(long nanos, Runnable action) {
    later(nanos, world, action);
  }

  /** Does something later, unless all faults have been ended by then. */
  void later(long nanos, Host host, Runnable action) {
    int begunIn = round;
    scheduler.after(
        nanos,
        host,
        () -> {
          if (round == begunIn) {
            action.run();
          }
        });
  }
}
