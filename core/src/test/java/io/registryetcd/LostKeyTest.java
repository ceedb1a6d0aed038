package io.registryetcd;

import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.laterSteps;
import static io.registryetcd.TestPeers.registered;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.Reason;
import io.registryetcd.Registration.State;
import io.registryetcd.Registration.StateChange;
import io.registryetcd.StoredKeys.Stored;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A registered key that somebody deletes, changes or takes is noticed by the watch on it, within
 * round trips, and put back only where it is ours to put.
 */
class LostKeyTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  /**
   * Three round trips and the jitter of 0.5 s after a lost lease; the rest is for a slow machine.
   */
  private static final Duration AT_ONCE = Duration.ofSeconds(3);

  private final StoredKeys keys = new StoredKeys(server.etcd());

  @Test
  void deletedKeyIsPutAgainOnTheSameLease() {
    Registration hello = registered(peers.registry(server.endpoint()), "Hello", 8001);
    List<StateChange> steps = laterSteps(hello);
    long lease = keys.lease(hello.key());
    keys.delete(hello.key());

    await("deleted key is back").atMost(AT_ONCE).until(() -> keys.has(hello.key()));
    assertThat(keys.lease(hello.key())).isEqualTo(lease);
    await().until(() -> hello.state() == State.REGISTERED && !steps.isEmpty());
    assertThat(steps.get(0).reason()).isIn(Reason.KEY_DELETED, Reason.WRITTEN);
  }

  @Test
  void keysOfARevokedLeaseComeBackOnANewOne() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    Registration hello = registered(registry, "Hello", 8001);
    Registration other = registered(registry, "Other", 8001);
    long lease = keys.lease(hello.key());
    keys.revoke(lease);

    await("keys of a revoked lease are back")
        .atMost(AT_ONCE)
        .until(() -> keys.has(hello.key()) && keys.has(other.key()));
    assertThat(keys.lease(hello.key())).isNotEqualTo(lease).isEqualTo(keys.lease(other.key()));
    assertThat(keys.leases()).hasSize(1);
  }

  @Test
  void valueChangedUnderOurLeaseIsPutRight() {
    Registration hello = registered(peers.registry(server.endpoint()), "Hello", 8001);
    String ours = keys.value(hello.key());
    List<StateChange> steps = laterSteps(hello);
    keys.put(hello.key(), "{}", StoredKeys.hex(keys.lease(hello.key())));

    await("changed value is put right")
        .atMost(AT_ONCE)
        .until(() -> keys.value(hello.key()).equals(ours));
    await().until(() -> !steps.isEmpty() && hello.state() == State.REGISTERED);
  }

  @Test
  void keyTakenByAnotherLeaseIsAConflictAndComesBackWhenItGoes() {
    Registration hello = registered(peers.registry(server.endpoint()), "Hello", 8001);
    List<StateChange> steps = laterSteps(hello);
    String foreign = keys.grant(60);
    keys.put(hello.key(), value("127.0.0.1:8001", 7), foreign);

    await("conflict is told").atMost(AT_ONCE).until(() -> hello.state() == State.CONFLICT);
    await().until(() -> !steps.isEmpty());
    assertThat(steps.get(0).reason()).isEqualTo(Reason.FOREIGN_OWNER);
    assertThat(steps.get(0).message()).contains(hello.key(), foreign.replaceFirst("^0+", ""));
    assertThat(hello.problem()).containsInstanceOf(RegistrationConflictException.class);
    assertThat(StoredKeys.hex(keys.lease(hello.key()))).isEqualTo(foreign);

    keys.revoke(foreign);
    await("key is back when the foreign one goes")
        .atMost(AT_ONCE)
        .until(() -> hello.state() == State.REGISTERED);
    assertThat(keys.has(hello.key())).isTrue();
    assertThat(hello.problem()).isEmpty();
  }

  @Test
  void keyWithoutALeaseIsToldAsLastingAndNeverDeleted() {
    Registration hello = registered(peers.registry(server.endpoint()), "Hello", 8001);
    List<StateChange> steps = laterSteps(hello);
    keys.put(hello.key(), value("127.0.0.1:8001", 7));

    await("conflict is told").atMost(AT_ONCE).until(() -> hello.state() == State.CONFLICT);
    await().until(() -> !steps.isEmpty());
    assertThat(steps.get(0).message()).contains("without a lease");
    Stored foreign = keys.at(hello.key()).orElseThrow();
    hello.close();
    assertThat(keys.at(hello.key())).contains(foreign);
  }

  @Test
  void adoptTakesAKeyWithoutALeaseAndNoOther() {
    EtcdRegistry registry =
        peers.registry(
            config(server.endpoint())
                .leaseTtl(Duration.ofSeconds(2))
                .conflictPolicy(ConflictPolicy.ADOPT)
                .build());
    Registration hello = registered(registry, "Hello", 8001);
    keys.put(hello.key(), value("127.0.0.1:8001", 7));
    // at most once in a time to live, as every policy
    await("key without a lease is adopted")
        .atMost(Duration.ofSeconds(2).plus(AT_ONCE))
        .until(() -> keys.lease(hello.key()) != 0);

    String foreign = keys.grant(60);
    keys.put(hello.key(), value("127.0.0.1:8001", 7), foreign);
    await().atMost(AT_ONCE).until(() -> hello.state() == State.CONFLICT);
    await()
        .during(Duration.ofSeconds(3))
        .atMost(Duration.ofSeconds(20))
        .until(() -> StoredKeys.hex(keys.lease(hello.key())).equals(foreign));
  }

  @Test
  void reclaimTakesTheKeyBackAtMostOnceInATimeToLive() {
    EtcdRegistry registry =
        peers.registry(
            config(server.endpoint())
                .leaseTtl(Duration.ofSeconds(2))
                .conflictPolicy(ConflictPolicy.RECLAIM)
                .build());
    Registration hello = registered(registry, "Hello", 8001);
    String foreign = keys.grant(60);
    for (int round = 1; round <= 2; round++) {
      long taken = System.nanoTime();
      keys.put(hello.key(), value("127.0.0.1:8001", 7), foreign);
      await().atMost(AT_ONCE).until(() -> hello.state() == State.CONFLICT);
      // the process that took it is left alone for a time to live
      await("key is reclaimed, round " + round)
          .atMost(Duration.ofSeconds(2).plus(AT_ONCE))
          .until(() -> !StoredKeys.hex(keys.lease(hello.key())).equals(foreign));
      assertThat(Duration.ofNanos(System.nanoTime() - taken))
          .isGreaterThan(Duration.ofMillis(1500));
      await().until(() -> hello.state() == State.REGISTERED);
    }
  }
}
