package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.GrpcEtcdClient;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.Txn;
import io.registryetcd.layout.Layout;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One service with very many instances, on a real etcd. */
class ManyInstancesTest {

  private static final int INSTANCES = 10_000;
  private static final int ROUNDS = 30;

  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.create();

  /** Patient, for the first calls of a cold JVM are long transactions. */
  private final EtcdConfig config =
      EtcdConfig.builder()
          .endpoints(etcd.endpoint())
          .dialTimeout(Duration.ofSeconds(30))
          .requestTimeout(Duration.ofSeconds(30))
          .resolveTimeout(Duration.ofSeconds(30))
          .build();

  private final Layout layout = config.layout();

  @Test
  void tenThousandInstancesAreOneListAndOneChange() {
    try (EtcdClient client = GrpcEtcdClient.create(config.clientConfig());
        EtcdSession session = EtcdSession.create(config);
        EtcdResolver resolver = EtcdResolver.create(session)) {
      store(client);
      try (ServiceView other = resolver.view("Other")) {
        await().until(() -> other.whenReady().isDone() || other.snapshot().isLive());
        long before = ranges();
        List<Change> changes = new CopyOnWriteArrayList<>();
        try (ServiceView view = resolver.view("Big")) {
          view.onChange(changes::add);
          await().until(() -> !changes.isEmpty());

          assertThat(changes).hasSize(1);
          assertThat(changes.get(0).added()).hasSize(INSTANCES);
          assertThat(view.snapshot().size()).isEqualTo(INSTANCES);
          assertThat(ranges() - before).isEqualTo(1);
        }
      }
      System.out.printf(
          "10,000 instances: raw list %d ms, list decoded and published %d ms (least of %d)%n",
          leastMillis(() -> client.range(RangeRequest.all(range())).join()),
          leastMillis(() -> resolveAnew(session)),
          ROUNDS);
    }
  }

  private KeyRange range() {
    return KeyRange.prefix(layout.range("Big"));
  }

  /** Lists anew on a connection that exists already. */
  private static void resolveAnew(EtcdSession session) {
    try (EtcdResolver resolver = EtcdResolver.create(session)) {
      assertThat(resolver.resolve("Big").size()).isEqualTo(INSTANCES);
    }
  }

  private static long leastMillis(Runnable work) {
    long least = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long begin = System.nanoTime();
      work.run();
      least = Math.min(least, System.nanoTime() - begin);
    }
    return least / 1_000_000;
  }

  /** How many ranges etcd has answered. */
  private static long ranges() {
    return etcd.etcd()
        .metrics()
        .lines()
        .filter(line -> line.startsWith("grpc_server_handled_total{grpc_code=\"OK\""))
        .filter(line -> line.contains("grpc_method=\"Range\""))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private void store(EtcdClient client) {
    List<Txn.Op> puts = new ArrayList<>();
    for (int i = 0; i < INSTANCES; i++) {
      Instance instance = Instance.of("10.1." + i / 250 + "." + (1 + i % 250), 8000).withWeight(10);
      puts.add(
          new Txn.Put(
              ByteString.copyFromUtf8(layout.key("Big", instance)),
              ByteString.copyFrom(layout.encode(instance)),
              0));
      if (puts.size() == Txn.MAX_OPS || i == INSTANCES - 1) {
        client.txn(new Txn(List.of(), List.copyOf(puts), List.of())).join();
        puts.clear();
      }
    }
  }
}
