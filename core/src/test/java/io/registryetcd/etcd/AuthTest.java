package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.bytes;
import static io.registryetcd.etcd.Clients.failure;
import static io.registryetcd.etcd.Clients.get;
import static io.registryetcd.etcd.Clients.key;
import static io.registryetcd.etcd.Clients.put;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.EtcdClientConfig.Credentials;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.RecordingWatchListener.Canceled;
import io.registryetcd.etcd.RecordingWatchListener.Created;
import io.registryetcd.etcd.RecordingWatchListener.Ended;
import io.registryetcd.etcd.RecordingWatchListener.Events;
import io.registryetcd.testkit.EtcdBinary;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Authentication against a real etcd with tokens that live two seconds. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuthTest {

  static final String PASSWORD = "canary-right-4711";
  private static final Duration TOKEN_TTL = Duration.ofSeconds(2);

  private final AtomicInteger asked = new AtomicInteger();
  private volatile String password = PASSWORD;
  private TestEtcd etcd;
  private GrpcEtcdClient client;

  GrpcEtcdClient client() {
    return client;
  }

  private Credentials credentials() {
    asked.incrementAndGet();
    return new Credentials("user", password);
  }

  /** The etcd to test with. */
  EtcdBinary binary() {
    return EtcdBinary.find();
  }

  /** Which may have to be built first. */
  @BeforeAll
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void startEtcd() {
    etcd = TestEtcd.builder().binary(binary()).authTokenTtl(TOKEN_TTL).start();
    etcd.addUser("user", PASSWORD);
    etcd.addRole("role");
    etcd.grantRole("user", "role");
    etcd.grantPrefix("role", "readwrite", "mine/");
    etcd.enableAuth("root-password");
  }

  @AfterAll
  void stopEtcd() {
    if (etcd != null) {
      etcd.close();
    }
  }

  @BeforeEach
  void openClient() {
    asked.set(0);
    password = PASSWORD;
    client = Clients.client(this::credentials, etcd.endpoint());
  }

  @AfterEach
  void closeClient() {
    client.close();
  }

  @Test
  void logsInOnceForManyCalls() {
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      calls.add(client.range(key("mine/" + i)));
    }
    calls.forEach(Clients::get);
    assertThat(asked).hasValue(1);
  }

  @Test
  void saysWhatIsDenied() {
    EtcdException denied = failure(client.txn(put("foreign/k", "v")));
    assertThat(denied.kind()).isEqualTo(Kind.DENIED);
    assertThat(denied).hasMessageContaining("no permission");
  }

  @Test
  void aWrongPasswordIsToldAndNeverShown() {
    password = "canary-wrong-0815";
    EtcdException refused = failure(client.range(key("mine/a")));
    assertThat(refused.kind()).isEqualTo(Kind.UNAUTHENTICATED);
    assertThat(refused).hasMessageContaining("user name or password is wrong");
    assertThat(refused.toString() + refused.getCause()).doesNotContain("canary");
  }

  @Test
  void theSupplierIsAskedAgainAfterAFailure() {
    password = "canary-wrong-0815";
    failure(client.range(key("mine/a")));
    password = PASSWORD;
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .ignoreExceptions()
        .until(() -> get(client.range(key("mine/a"))).kvs() != null);
    assertThat(asked).hasValue(2);
  }

  @Test
  void aRotatedPasswordIsAskedForAtTheNextLogin() {
    get(client.range(key("mine/a")));
    setPassword("canary-new-1234");
    try {
      password = "canary-new-1234";
      get(client.range(key("mine/a")));
      assertThat(asked).hasValue(2);
    } finally {
      setPassword(PASSWORD);
    }
  }

  @Test
  void authenticationMayBeTurnedOffAndOnAgain() {
    get(client.range(key("mine/a")));
    etcd.disableAuth();
    try (GrpcEtcdClient late = Clients.client(this::credentials, etcd.endpoint())) {
      get(client.range(key("foreign/a")));
      get(late.range(key("foreign/a")));
      etcd.etcdctl("auth", "enable");
      get(client.range(key("mine/a")));
      get(late.range(key("mine/a")));
      assertThat(failure(late.range(key("foreign/a"))).kind()).isEqualTo(Kind.DENIED);
    } finally {
      etcd.close();
      startEtcd();
    }
  }

  @Test
  void aSupplierThatThrowsIsToldAsSuch() {
    try (GrpcEtcdClient broken =
        Clients.client(
            () -> {
              throw new IllegalStateException("canary: vault is sealed");
            },
            etcd.endpoint())) {
      EtcdException refused = failure(broken.range(key("mine/a")));
      assertThat(refused.kind()).isEqualTo(Kind.UNAUTHENTICATED);
      assertThat(refused)
          .hasMessageContaining("credentials supplier failed: java.lang.IllegalStateException")
          .hasRootCauseInstanceOf(IllegalStateException.class);
      assertThat(refused.getMessage()).doesNotContain("canary");
    }
  }

  @Test
  void withoutAUserTheMessageSaysToSetOne() {
    try (GrpcEtcdClient anonymous = Clients.client(etcd.endpoint())) {
      EtcdException refused = failure(anonymous.range(key("mine/a")));
      assertThat(refused.kind()).isEqualTo(Kind.UNAUTHENTICATED);
      assertThat(refused).hasMessageContaining("set a user and password");
      RecordingWatchListener told = new RecordingWatchListener();
      anonymous.openWatchStream(told).watch(1, KeyRange.prefix("mine/"), 0);
      EtcdException watch = told.next(Ended.class).cause();
      assertThat(watch.kind()).isEqualTo(Kind.UNAUTHENTICATED);
      assertThat(watch).hasMessageContaining("set a user and password");
    }
  }

  @Test
  void anExpiredTokenIsReplacedWithinTheCall() {
    get(client.range(key("mine/a")));
    awaitTokenExpiry();
    get(client.range(key("mine/a")));
    assertThat(asked).hasValue(2);
  }

  @Test
  void streamsOpenedBeforeTheLoginAreQueued() {
    RecordingWatchListener watched = new RecordingWatchListener();
    RecordingLeaseListener renewed = new RecordingLeaseListener();
    client.openWatchStream(watched).watch(1, KeyRange.prefix("mine/"), 0);
    LeaseStream leases = client.openLeaseStream(renewed);
    get(client.leaseGrant(4711, 60));
    leases.keepAlive(4711);
    assertThat(renewed.nextReply().ttlSeconds()).isEqualTo(60);
    watched.next(Created.class);
    get(client.txn(put("mine/k", "v", 4711)));
    watched.next(Events.class);
    get(client.leaseRevoke(4711));
    assertThat(asked).hasValue(1);
  }

  @Test
  void aDeniedWatchIsRefusedInItsPlace() {
    RecordingWatchListener told = new RecordingWatchListener();
    WatchStream stream = client.openWatchStream(told);
    stream.watch(1, KeyRange.prefix("mine/"), 0);
    stream.watch(2, KeyRange.prefix("foreign/"), 0);
    stream.watch(3, KeyRange.key(bytes("mine/x")), 0);
    assertThat(told.next(Created.class).watch()).isEqualTo(1);
    List<RecordingWatchListener.Told> both =
        List.of(
            told.next(RecordingWatchListener.Told.class),
            told.next(RecordingWatchListener.Told.class));
    assertThat(both).filteredOn(t -> t instanceof Created c && c.watch() == 3).hasSize(1);
    assertThat(both)
        .filteredOn(
            t -> t instanceof Canceled c && c.watch() == 2 && c.cause().kind() == Kind.DENIED)
        .hasSize(1);
    get(client.txn(put("mine/x", "v")));
    assertThat(List.of(told.next(Events.class).watch(), told.next(Events.class).watch()))
        .containsExactlyInAnyOrder(1L, 3L);
  }

  @Test
  void aWatchRefusedForItsTokenEndsTheStreamAndTheNextLogsIn() {
    RecordingWatchListener told = new RecordingWatchListener();
    WatchStream stream = client.openWatchStream(told);
    stream.watch(1, KeyRange.prefix("mine/"), 0);
    told.next(Created.class);
    awaitTokenExpiry();
    get(client.range(key("mine/a")));
    stream.watch(2, KeyRange.prefix("mine/b/"), 0);
    EtcdException end = told.next(Ended.class).cause();
    assertThat(end.kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(end).hasMessageContaining("its token has expired");
    RecordingWatchListener next = new RecordingWatchListener();
    client.openWatchStream(next).watch(2, KeyRange.prefix("mine/b/"), 0);
    next.next(Created.class);
  }

  private void setPassword(String text) {
    etcd.etcdctl("user", "delete", "user");
    etcd.addUser("user", text);
    etcd.grantRole("user", "role");
  }

  /** A simple token lives on with each use, and etcd looks for expired ones once a second. */
  static void awaitTokenExpiry() {
    Awaitility.await().pollDelay(TOKEN_TTL.plusSeconds(3)).until(() -> true);
  }
}
