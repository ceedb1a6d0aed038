package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The regular read of one's own keys, in a made-up etcd. */
class OwnKeyCheckTest {

  /** The observe delay and the most that its jitter adds. */
  private static final Duration PERIOD = Duration.ofSeconds(36);

  private final FakeEtcdClient etcd = new FakeEtcdClient();
  private final ManualLoop loop = new ManualLoop();
  private final EtcdRegistry registry =
      EtcdRegistry.create(
          EtcdSession.create(
              EtcdConfig.builder().endpoints("etcd:2379").shutdownHook(false).build(),
              etcd,
              loop,
              new FakeRandom(),
              Runnable::run));

  @BeforeEach
  void registerFour() {
    for (int port = 1; port <= 4; port++) {
      registry.register("Hello", Instance.of("10.0.0.1", port));
    }
    loop.run();
    etcd.taken();
  }

  private long transactions() {
    return etcd.taken().stream().filter("txn"::equals).count();
  }

  @Test
  void aKeyThatMayNotBeReadHidesNoOther() {
    etcd.failWith(Failures.denied());

    loop.pass(PERIOD);

    assertThat(transactions()).as("of four keys, twice of two, of each").isEqualTo(7);
  }

  @Test
  void allKeysAreAskedForTogetherAndAfterAnOutageNotInParts() {
    etcd.failWith(Failures.away());

    loop.pass(PERIOD);

    assertThat(transactions()).isEqualTo(1);
  }
}
