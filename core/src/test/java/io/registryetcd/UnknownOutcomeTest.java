package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.registered;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.FaultProxy;
import io.registryetcd.testkit.FaultProxy.Direction;
import io.registryetcd.testkit.Http2Frame;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A request whose answer never came may have been executed, or may yet be: neither leaves anything
 * behind.
 */
class UnknownOutcomeTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  /** Two backoffs of at most 1.25 s; the rest is for a slow machine. */
  private static final Duration RECOVERY = Duration.ofSeconds(6);

  private static final int GRPC_PREFIX = 5;

  private final TestEtcd etcd = server.etcd();
  private final StoredKeys keys = new StoredKeys(etcd);
  private final FaultProxy proxy = peers.closing(FaultProxy.to(server.endpoint()));

  /**
   * {@code LeaseGrantRequest} of a time to live of 5 s: field 1 is 5, then comes field 2, the id.
   */
  private static boolean isGrant(Http2Frame frame) {
    byte[] payload = frame.payload();
    return payload.length > GRPC_PREFIX + 3
        && payload[GRPC_PREFIX] == 0x08
        && payload[GRPC_PREFIX + 1] == 5
        && payload[GRPC_PREFIX + 2] == 0x10;
  }

  @Test
  void grantWithoutAnAnswerIsRepeatedForTheSameLease() {
    proxy.cutReply(frame -> isGrant(frame));
    Registration hello = peers.registry(proxy.endpoint()).register("Hello", instance(8001));
    await("registered though the grant's reply was cut")
        .atMost(RECOVERY)
        .until(() -> hello.state() == State.REGISTERED);
    assertThat(proxy.cuts()).isEqualTo(1);
    assertThat(keys.started("LeaseGrant")).isGreaterThanOrEqualTo(2);
    assertThat(keys.leases()).containsExactly(StoredKeys.hex(keys.lease(hello.key())));
  }

  @Test
  void putWithoutAnAnswerIsReadBack() {
    proxy.cutReply(frame -> frame.contains("\"network\""));
    Registration hello = peers.registry(proxy.endpoint()).register("Hello", instance(8001));
    await("registered though the put's reply was cut")
        .atMost(RECOVERY)
        .until(() -> hello.state() == State.REGISTERED);
    assertThat(proxy.cuts()).isEqualTo(1);
    assertThat(keys.leases()).containsExactly(StoredKeys.hex(keys.lease(hello.key())));
    StoredKeys.Stored stored = keys.at(hello.key()).orElseThrow();
    assertThat(stored.createRevision()).isEqualTo(stored.modRevision());
  }

  @Test
  void deregisteringAfterAPutOfUnknownOutcomeLeavesNothing() {
    EtcdRegistry registry = peers.registry(proxy.endpoint());
    Registration other = registered(registry, "Other", 8001);
    Registration hello = registered(registry, "Hello", 8001);
    proxy.stall(Direction.TO_CLIENT);
    hello.update(77, Map.of());
    await().atMost(SOON).until(() -> keys.value(hello.key()).contains("77"));
    hello.close();
    proxy.closeConnections();
    proxy.pass();

    await("nothing of ours left after a put of unknown outcome")
        .atMost(RECOVERY)
        .until(() -> hello.state() == State.CLOSED && !keys.has(hello.key()));
    await()
        .atMost(RECOVERY)
        .until(() -> other.state() == State.REGISTERED && keys.has(other.key()));
    await("the fenced lease is gone").atMost(RECOVERY).until(() -> keys.leases().size() == 1);
  }

  @Test
  void putsThatAFrozenEtcdExecutesLateDoNotSurviveTheirDeregistration() {
    EtcdRegistry registry = peers.registry(config(etcd.endpoint()).build());
    Registration other = registered(registry, "Other", 8001);
    List<Registration> late = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      late.add(registered(registry, "Late" + i, 8001));
    }
    etcd.pause();
    late.forEach(registration -> registration.update(77, Map.of()));
    registry.register("New", instance(8001));
    long start = System.nanoTime();
    registry.registrations().stream()
        .filter(registration -> registration != other)
        .map(LeasedRegistration.class::cast)
        .forEach(LeasedRegistration::closeAsync);
    late.get(0).close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    // until the deadline of the puts, which is 3 s
    await().pollDelay(Duration.ofMillis(3500)).atMost(Duration.ofSeconds(20)).until(() -> true);
    etcd.resume();

    await("nothing left of what was closed while etcd was frozen")
        .atMost(RECOVERY)
        .until(
            () ->
                registry.registrations().equals(List.of(other))
                    && other.state() == State.REGISTERED
                    && keys.keys("").equals(List.of(other.key())));
    await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
    assertThat(keys.keys("")).containsExactly(other.key());
    await().atMost(RECOVERY).until(() -> keys.leases().size() == 1);
  }

  @Test
  void closingWhileEtcdIsFrozenIsBoundedAndEndsWithTheLease() {
    EtcdRegistry registry = peers.registry(etcd.endpoint());
    Registration hello = registered(registry, "Hello", 8001);
    etcd.pause();
    registry.register("New", instance(8001));
    long start = System.nanoTime();
    registry.close();
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    assertThat(took).isLessThan(Duration.ofMillis(2900));
    etcd.resume();
    await("keys of a closed registry end with the lease")
        .atMost(Duration.ofSeconds(5 + 3))
        .until(() -> keys.keys("").isEmpty() && keys.leases().isEmpty());
    assertThat(hello.state()).isNotEqualTo(State.REGISTERING);
  }
}
