package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The two walks of this library, on a real etcd that does not fail. */
class RegisterAndResolveTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();

  private final TestEtcd etcd = server.etcd();
  private EtcdRegistry registry;
  private EtcdResolver resolver;

  @BeforeEach
  void connect() {
    // the longest pause between two attempts while etcd is away
    RetryConfig retry = RetryConfig.DEFAULT.withRetryDelay(Duration.ofSeconds(1));
    EtcdConfig config = EtcdConfig.builder().endpoints(etcd.endpoint()).retry(retry).build();
    registry = EtcdRegistry.create(config);
    resolver = EtcdResolver.create(config);
  }

  @AfterEach
  void disconnect() {
    resolver.close();
    registry.close();
  }

  private Registration register(String service, int port, int weight) {
    Registration registration =
        registry.register(service, Instance.of("127.0.0.1", port).withWeight(weight));
    registration.await(Duration.ofSeconds(5));
    return registration;
  }

  private String value(Registration registration) {
    return etcd.etcdctl("get", "--print-value-only", registration.key()).strip();
  }

  @Test
  void registeredInstanceIsInEtcdAsTheGoRegistryWritesIt() {
    Registration hello =
        registry.register(
            "Hello", Instance.of("127.0.0.1", 8888).withWeight(30).withTag("zone", "a"));
    hello.await(Duration.ofSeconds(5));

    assertThat(hello.key()).isEqualTo("kitex/registry-etcd/Hello/127.0.0.1:8888");
    assertThat(value(hello))
        .isEqualTo(
            "{\"network\":\"tcp\",\"address\":\"127.0.0.1:8888\",\"weight\":30,\"tags\":{\"zone\":\"a\"}}");
    assertThat(hello.state()).isEqualTo(State.REGISTERED);
  }

  @Test
  void resolverFindsWhatIsRegisteredAndFollowsEachChange() {
    Registration a = register("Hello", 8001, 30);
    Snapshot first = resolver.resolve("Hello");
    assertThat(first.instances()).containsExactly(Instance.of("127.0.0.1", 8001).withWeight(30));
    assertThat(first.isLive()).isTrue();

    List<Change> changes = new CopyOnWriteArrayList<>();
    try (ServiceView view = resolver.view("Hello")) {
      view.onChange(changes::add);
      await().until(() -> changes.size() == 1);
      assertThat(changes.get(0).added()).isEqualTo(first.instances());

      register("Hello", 8002, 10);
      // each is told before the next one comes, or the two would be told as one
      await().until(() -> changes.size() == 2);
      a.update(5, Map.of("zone", "b"));
      await().until(() -> changes.size() == 3);
      a.close();
      await().until(() -> changes.size() == 4);
      assertThat(view.snapshot().size()).isEqualTo(1);
      assertThat(changes.get(2).updated())
          .containsExactly(Instance.of("127.0.0.1", 8001).withWeight(5).withTag("zone", "b"));
      assertThat(changes.get(3).removed()).hasSize(1);
    }
  }

  @Test
  void serviceWithoutInstancesSaysWhyThereIsNone() {
    assertThatThrownBy(() -> resolver.resolve("Nobody"))
        .isInstanceOfSatisfying(
            NoInstanceException.class,
            e -> assertThat(e.reason()).isEqualTo(NoInstanceException.Reason.NO_KEY))
        .hasMessageContaining("kitex/registry-etcd/Nobody/");
  }

  @Test
  void pausedInstanceIsGoneAndComesBackWhenResumed() {
    Registration hello = register("Hello", 8001, 10);
    hello.pause();
    await().until(() -> value(hello).isEmpty());
    assertThat(hello.state()).isEqualTo(State.PAUSED);
    hello.resume();
    await().until(() -> hello.state() == State.REGISTERED);
    assertThat(value(hello)).isNotEmpty();
  }

  @Test
  void closingLeavesNoKeyAndNoLease() {
    Registration hello = register("Hello", 8001, 10);
    Registration other = register("Other", 8001, 10);
    hello.close();
    assertThat(value(hello)).isEmpty();
    assertThat(hello.state()).isEqualTo(State.CLOSED);
    assertThat(value(other)).isNotEmpty();
    registry.close();
    assertThat(etcd.etcdctl("get", "--prefix", "", "--keys-only")).isBlank();
    assertThat(etcd.etcdctl("lease", "list")).startsWith("found 0 leases");
  }

  @Test
  void deletedKeyComesBackAtOnce() {
    Registration hello = register("Hello", 8001, 10);
    etcd.etcdctl("del", hello.key());
    await().atMost(Duration.ofSeconds(3)).until(() -> !value(hello).isEmpty());
  }

  @Test
  void revokedLeaseIsReplaced() {
    Registration hello = register("Hello", 8001, 10);
    String lease = etcd.etcdctl("lease", "list").lines().skip(1).findFirst().orElseThrow();
    etcd.etcdctl("lease", "revoke", lease);
    await().atMost(Duration.ofSeconds(3)).until(() -> !value(hello).isEmpty());
  }

  @Test
  void restartedEtcdChangesNothing() {
    Registration hello = register("Hello", 8001, 10);
    assertThat(resolver.resolve("Hello").size()).isEqualTo(1);
    etcd.kill();
    await().until(() -> !resolver.resolve("Hello").isLive());
    assertThat(resolver.resolve("Hello").size()).isEqualTo(1);
    etcd.restart();
    await().atMost(Duration.ofSeconds(5)).until(() -> resolver.resolve("Hello").isLive());
    assertThat(hello.state()).isEqualTo(State.REGISTERED);
  }

  @Test
  void etcdThatComesBackEmptyIsFilledAgainAndNothingVanishes() {
    Registration hello = register("Hello", 8001, 10);
    assertThat(resolver.resolve("Hello").size()).isEqualTo(1);
    etcd.kill();
    etcd.wipe();
    etcd.restart();
    await().atMost(Duration.ofSeconds(5)).until(() -> !value(hello).isEmpty());
    await()
        .atMost(Duration.ofSeconds(5))
        .until(
            () ->
                resolver.resolve("Hello").isLive()
                    && resolver.resolve("Hello").unconfirmed().isEmpty());
    assertThat(resolver.resolve("Hello").size()).isEqualTo(1);
  }
}
