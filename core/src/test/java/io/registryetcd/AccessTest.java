package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.changes;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.registered;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.NoInstanceException.Reason;
import io.registryetcd.Registration.State;
import io.registryetcd.testkit.FaultProxy;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An etcd with users: each may do what was granted, is told at once what was not, and goes on when
 * it is.
 */
class AccessTest {

  private static final String PREFIX = "kitex/registry-etcd/";
  private static final Duration TOKEN_TTL = Duration.ofSeconds(4);

  /** A pause after a refusal, short enough for a test. */
  private static final RetryConfig RETRY =
      RetryConfig.DEFAULT.withRetryDelay(Duration.ofMillis(500)).withMaxAttemptTimes(3);

  private static TestEtcd etcd;
  private static StoredKeys keys;

  @RegisterExtension final TestPeers peers = new TestPeers();

  @BeforeAll
  static void startEtcd() {
    etcd = TestEtcd.builder().authTokenTtl(TOKEN_TTL).start();
    keys = new StoredKeys(etcd);
    etcd.enableAuth("root");
    etcd.addRole("server");
    etcd.grantPrefix("server", "readwrite", PREFIX + "Hello/");
    etcd.grantPrefix("server", "readwrite", PREFIX + "Other/");
    etcd.addUser("server", "server-password");
    etcd.grantRole("server", "server");
    etcd.addRole("client");
    etcd.grantPrefix("client", "read", PREFIX + "Hello/");
    etcd.addUser("client", "client-password");
    etcd.grantRole("client", "client");
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  @BeforeEach
  void removeKeys() {
    etcd.etcdctl("del", "", "--from-key=true");
    // those of the test before, the longest of which was left to end by itself
    await().atMost(Duration.ofSeconds(15)).until(() -> keys.leases().isEmpty());
  }

  private static EtcdConfig.Builder server() {
    return config(etcd.endpoint()).user("server", "server-password").retry(RETRY);
  }

  private static EtcdConfig.Builder client() {
    return config(etcd.endpoint())
        .user("client", "client-password")
        .retry(RETRY)
        .resolveTimeout(Duration.ofSeconds(20));
  }

  private static void revokeClient() {
    etcd.etcdctl("role", "revoke-permission", "--prefix=true", "client", PREFIX + "Hello/");
  }

  @Test
  void leastPrivilegesAreEnough() {
    Registration hello = registered(peers.registry(server().build()), "Hello", 8001);
    EtcdResolver resolver = peers.resolver(client().build());
    assertThat(resolver.resolve("Hello").instances()).containsExactly(instance(8001));
    hello.update(20, Map.of());
    await().atMost(SOON).until(() -> resolver.resolve("Hello").instances().get(0).weight() == 20);
    hello.close();
    assertThat(keys.has(hello.key())).isFalse();
  }

  @Test
  void wrongPasswordIsToldAtOnceAndNotRepeatedInTheMessage() {
    EtcdConfig wrong = config(etcd.endpoint()).user("server", "canary-wrong").build();
    Registration hello = peers.registry(wrong).register("Hello", instance(8001));
    assertThatThrownBy(() -> hello.await(Duration.ofSeconds(10)))
        .isInstanceOf(EtcdDeniedException.class)
        .hasMessageContaining(hello.key())
        .hasMessageContaining("password is wrong")
        .hasMessageNotContaining("canary");
    assertThatThrownBy(() -> peers.resolver(wrong).resolve("Hello"))
        .isInstanceOfSatisfying(
            NoInstanceException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DENIED))
        .hasMessageContaining("password is wrong")
        .hasMessageNotContaining("canary");
  }

  @Test
  void missingUserIsTold() {
    assertThatThrownBy(() -> peers.resolver(etcd.endpoint()).resolve("Hello"))
        .isInstanceOfSatisfying(
            NoInstanceException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DENIED))
        .hasMessageContaining("set a user and password");
  }

  @Test
  void rotatedPasswordIsAskedForAgain() {
    AtomicReference<String> password = new AtomicReference<>("outdated");
    Registration hello =
        peers
            .registry(
                config(etcd.endpoint())
                    .user("server", password::get)
                    .retry(RETRY.withMaxAttemptTimes(0))
                    .build())
            .register("Hello", instance(8001));
    await().atMost(SOON).until(() -> hello.problem().isPresent());
    password.set("server-password");
    // the next login is 1 to 4 s after the one that was refused
    await("registered with the rotated password")
        .atMost(Duration.ofSeconds(15))
        .until(() -> hello.state() == State.REGISTERED);
  }

  @Test
  void passwordInTheClearToAnotherMachineIsRefusedUnlessAllowed() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> EtcdConfig.builder().endpoints("10.0.0.1:2379").user("u", "canary").build())
        .withMessageContaining("10.0.0.1:2379")
        .withMessageContaining("https://")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("canary"));
    assertThatNoException()
        .isThrownBy(
            () -> {
              EtcdConfig.builder()
                  .endpoints("10.0.0.1:2379")
                  .user("u", "p")
                  .allowPlaintextPassword()
                  .build();
              EtcdConfig.builder().endpoints("https://10.0.0.1:2379").user("u", "p").build();
              EtcdConfig.builder().endpoints("127.0.0.1:2379", "[::1]:1").user("u", "p").build();
            });
  }

  @Test
  void expiredTokenCostsOneLoginAndNothingElse() {
    try (FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
      EtcdSession session =
          peers.closing(
              EtcdSession.create(
                  config(proxy.endpoint()).user("server", "server-password").build()));
      Registration hello = registered(EtcdRegistry.create(session), "Hello", 8001);
      ServiceView view = EtcdResolver.create(session).view("Hello");
      await().atMost(SOON).until(() -> view.snapshot().size() == 1);
      long lease = keys.lease(hello.key());
      List<Change> changes = changes(view);

      // a token ends its time to live after its last use; etcd looks for such once a second
      await().pollDelay(TOKEN_TTL.plusSeconds(3)).atMost(Duration.ofSeconds(20)).until(() -> true);
      long logins = keys.started("Authenticate");
      proxy.closeConnections();
      await("a new token")
          .atMost(Duration.ofSeconds(8))
          .until(() -> keys.started("Authenticate") > logins);
      hello.update(20, Map.of());
      await().atMost(SOON).until(() -> view.snapshot().instances().get(0).weight() == 20);
      assertThat(keys.started("Authenticate") - logins).isEqualTo(1);
      assertThat(keys.lease(hello.key())).isEqualTo(lease);
      assertThat(changes).allSatisfy(change -> assertThat(change.removed()).isEmpty());
    }
  }

  @Test
  void registeringWithoutPermissionFailsAtOnceAndSucceedsWhenItIsGranted() {
    EtcdRegistry registry = peers.registry(server().build());
    registered(registry, "Hello", 8002);
    Registration secret = registry.register("Secret", instance(8001));
    long start = System.nanoTime();
    assertThatThrownBy(() -> secret.await(Duration.ofSeconds(10)))
        .isInstanceOf(EtcdDeniedException.class)
        .hasMessageContaining(secret.key());
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    assertThat(keys.has(secret.key())).isFalse();

    etcd.grantPrefix("server", "readwrite", PREFIX + "Secret/");
    secret.retryNow();
    await("registered with the new permission")
        .atMost(SOON)
        .until(() -> secret.state() == State.REGISTERED);
    assertThatNoException().isThrownBy(() -> secret.await(Duration.ofSeconds(1)));
    assertThat(secret.problem()).isEmpty();
    secret.close();
    etcd.etcdctl("role", "revoke-permission", "--prefix=true", "server", PREFIX + "Secret/");
  }

  @Test
  void oneKeyWithoutPermissionDoesNotDisturbTheOthers() {
    EtcdRegistry registry = peers.registry(server().build());
    Registration secret = registry.register("Secret", instance(8001));
    await().atMost(SOON).until(() -> secret.problem().isPresent());
    Registration hello = registered(registry, "Hello", 8001);
    hello.update(20, Map.of());
    await().atMost(SOON).until(() -> keys.value(hello.key()).contains("20"));
    assertThat(hello.state()).isEqualTo(State.REGISTERED);
    keys.delete(hello.key());
    await().atMost(SOON).until(() -> keys.has(hello.key()));
    hello.close();
    assertThat(keys.has(hello.key())).isFalse();
  }

  @Test
  void keyWhosePermissionIsRevokedDoesNotBlockTheOthersOfItsLease() {
    etcd.grantPrefix("server", "readwrite", PREFIX + "Doomed/");
    EtcdRegistry registry = peers.registry(server().build());
    Registration doomed = registered(registry, "Doomed", 8001);
    Registration hello = registered(registry, "Hello", 8001);
    // etcd refuses every put under a lease to which a key is attached that the user may not write
    etcd.etcdctl("role", "revoke-permission", "--prefix=true", "server", PREFIX + "Doomed/");
    hello.update(20, Map.of());
    await("updated though a neighbour's permission was revoked")
        .atMost(SOON)
        .until(() -> keys.value(hello.key()).contains("20"));
    await().atMost(SOON).until(() -> hello.state() == State.REGISTERED);
    registered(registry, "Other", 8001);
    assertThat(keys.has(doomed.key())).isTrue();

    // neither the key nor its lease may be taken away: they end by themselves
    registry.close();
    assertThat(keys.keys(PREFIX)).isSubsetOf(doomed.key());
    await("key that may not be deleted ends with its lease")
        .atMost(Duration.ofSeconds(5 + 3))
        .until(() -> keys.leases().isEmpty());
    assertThat(keys.has(doomed.key())).isFalse();
  }

  @Test
  void keyThatMayOnlyBeReadIsRefusedOnALeaseOfItsOwn() {
    etcd.grantPrefix("server", "read", PREFIX + "ReadOnly/");
    EtcdRegistry registry = peers.registry(server().build());
    Registration hello = registered(registry, "Hello", 8001);
    Registration readOnly = registry.register("ReadOnly", instance(8001));
    assertThatThrownBy(() -> readOnly.await(Duration.ofSeconds(10)))
        .isInstanceOf(EtcdDeniedException.class)
        .hasMessageContaining(readOnly.key());
    assertThat(keys.leases()).hasSize(2);
    long lease = keys.lease(hello.key());

    etcd.grantPrefix("server", "readwrite", PREFIX + "ReadOnly/");
    readOnly.retryNow();
    await().atMost(SOON).until(() -> readOnly.state() == State.REGISTERED);
    assertThat(keys.lease(readOnly.key())).isNotEqualTo(lease);
    assertThat(keys.lease(hello.key())).isEqualTo(lease);
    registry.close();
    assertThat(keys.keys(PREFIX)).isEmpty();
    assertThat(keys.leases()).isEmpty();
  }

  @Test
  void viewWhosePermissionIsRevokedKeepsItsInstances() {
    Registration hello = registered(peers.registry(server().build()), "Hello", 8001);
    try (FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
      ServiceView view =
          peers
              .resolver(
                  config(proxy.endpoint()).user("client", "client-password").retry(RETRY).build())
              .view("Hello");
      await().atMost(SOON).until(() -> view.snapshot().size() == 1);
      revokeClient();
      proxy.closeConnections();
      await("told that it may not be read any more")
          .atMost(SOON)
          .until(() -> view.problem().filter(EtcdDeniedException.class::isInstance).isPresent());
      assertThat(view.snapshot().instances()).containsExactly(instance(8001));
      assertThat(view.snapshot().isLive()).isFalse();

      etcd.grantPrefix("client", "read", PREFIX + "Hello/");
      await("live again when it may").atMost(SOON).until(() -> view.snapshot().isLive());
      hello.update(20, Map.of());
      await().atMost(SOON).until(() -> view.snapshot().instances().get(0).weight() == 20);
    } finally {
      etcd.grantPrefix("client", "read", PREFIX + "Hello/");
    }
  }
}
