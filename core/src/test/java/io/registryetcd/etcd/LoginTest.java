package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.failure;
import static io.registryetcd.etcd.Clients.get;
import static io.registryetcd.etcd.Clients.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.registryetcd.etcd.EtcdClientConfig.Credentials;
import io.registryetcd.etcd.EtcdException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Logins against a server that answers as a test wants. */
class LoginTest {

  private static final Status INVALID_TOKEN =
      Status.UNAUTHENTICATED.withDescription("etcdserver: invalid auth token");

  private FakeEtcd etcd;
  private GrpcEtcdClient client;

  @BeforeEach
  void open() {
    etcd = FakeEtcd.start(1);
    client = Clients.client(() -> new Credentials("user", "secret"), etcd.endpoint());
  }

  @AfterEach
  void close() {
    client.close();
    etcd.close();
  }

  @Test
  void manyCallsWaitForOneLogin() {
    CountDownLatch answer = new CountDownLatch(1);
    etcd.login =
        request -> {
          await(answer);
          return "the-token";
        };
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      calls.add(client.range(key("k" + i)));
    }
    answer.countDown();
    calls.forEach(Clients::get);
    assertThat(etcd.logins).hasValue(1);
    assertThat(etcd.tokens).hasSize(65).filteredOn("the-token"::equals).hasSize(64);
  }

  @Test
  void aCallWaitsWithinItsDeadlineAndTheLoginGoesOnForTheNext() {
    CountDownLatch answer = new CountDownLatch(1);
    etcd.login =
        request -> {
          await(answer);
          return "late";
        };
    EtcdClientConfig config =
        Clients.config(
            Optional.of(() -> new Credentials("user", "secret")),
            Optional.empty(),
            etcd.endpoint());
    try (GrpcEtcdClient hasty =
        Clients.client(config, Duration.ofSeconds(3), Duration.ofSeconds(3))) {
      EtcdException overdue = failure(hasty.range(key("a")));
      assertThat(overdue.kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(overdue).hasMessageContaining("still waiting for the answer of etcd");
      CompletableFuture<RangeResponse> next = hasty.range(key("a"));
      answer.countDown();
      get(next);
      assertThat(etcd.logins).hasValue(1);
    }
  }

  @Test
  void manyRefusalsOfOneTokenLeadToOneLogin() {
    get(client.range(key("a")));
    etcd.rangeFailure = token -> token.equals("token-1") ? INVALID_TOKEN : Status.OK;
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      calls.add(client.range(key("k" + i)));
    }
    calls.forEach(Clients::get);
    assertThat(etcd.logins).hasValue(2);
  }

  @Test
  void aTokenThatIsRefusedAtOnceSurfacesAndTheNextLoginWaits() {
    etcd.rangeFailure = token -> INVALID_TOKEN;
    EtcdException refused = failure(client.range(key("a")));
    assertThat(refused.kind()).isEqualTo(Kind.UNAUTHENTICATED);
    assertThat(etcd.logins).hasValue(2);
  }

  @Test
  void loginsAreASecondApartHoweverOftenTokensAreRefused() {
    List<Long> times = new CopyOnWriteArrayList<>();
    etcd.login =
        request -> {
          times.add(System.nanoTime());
          return "token-" + times.size();
        };
    for (int i = 1; i <= 3; i++) {
      get(client.range(key("a")));
      String stale = "token-" + i;
      etcd.rangeFailure = token -> token.equals(stale) ? INVALID_TOKEN : Status.OK;
    }
    assertThat(times).hasSize(3);
    assertThat(Duration.ofNanos(times.get(2) - times.get(0))).isGreaterThan(Login.INTERVAL);
  }

  @Test
  void aSupplierWithoutAPasswordIsToldAsSuch() {
    String missing = System.getProperty("no.such.property");
    try (GrpcEtcdClient broken =
        Clients.client(() -> new Credentials("user", missing), etcd.endpoint())) {
      EtcdException refused = failure(broken.range(key("a")));
      assertThat(refused.kind()).isEqualTo(Kind.UNAUTHENTICATED);
      assertThat(refused).hasMessageContaining("no user or no password");
    }
  }

  @Test
  void anOldAuthRevisionIsAReasonToLogIn() {
    get(client.range(key("a")));
    Status old =
        Status.INVALID_ARGUMENT.withDescription("etcdserver: revision of auth store is old");
    etcd.rangeFailure = token -> token.equals("token-1") ? old : Status.OK;
    get(client.range(key("a")));
    assertThat(etcd.logins).hasValue(2);
  }

  @Test
  void withoutAuthenticationInEtcdCallsGoOnWithoutAToken() {
    etcd.login =
        request -> {
          throw Status.FAILED_PRECONDITION
              .withDescription("etcdserver: authentication is not enabled")
              .asRuntimeException();
        };
    get(client.range(key("a")));
    get(client.range(key("a")));
    assertThat(etcd.logins).hasValue(1);
    assertThat(etcd.tokens).containsOnly("");
  }

  @Test
  void authenticationTurnedOnLaterIsFollowed() {
    withoutAuthenticationInEtcdCallsGoOnWithoutAToken();
    etcd.login = request -> "first";
    etcd.rangeFailure =
        token ->
            token.isEmpty()
                ? Status.INVALID_ARGUMENT.withDescription("etcdserver: user name is empty")
                : Status.OK;
    get(client.range(key("a")));
    assertThat(etcd.tokens).last().isEqualTo("first");
  }

  @Test
  void aStreamWaitsForTheLoginAndSendsWhatWasAsked() {
    CountDownLatch answer = new CountDownLatch(1);
    etcd.login =
        request -> {
          await(answer);
          return "the-token";
        };
    RecordingLeaseListener told = new RecordingLeaseListener();
    LeaseStream stream = client.openLeaseStream(told);
    stream.keepAlive(5);
    stream.keepAlive(6);
    assertThat(told.loggedIn).isNotDone();
    answer.countDown();
    var server = etcd.nextLeaseStream();
    assertThat(server.nextRequest().getID()).isEqualTo(5);
    assertThat(server.nextRequest().getID()).isEqualTo(6);
    assertThat(etcd.tokens).last().isEqualTo("the-token");
    assertThat(told.loggedIn).isDone();
  }

  @Test
  void aStreamEndsWithTheFailureOfItsLogin() {
    etcd.login =
        request -> {
          throw Status.INVALID_ARGUMENT
              .withDescription("etcdserver: authentication failed, invalid user ID or password")
              .asRuntimeException();
        };
    RecordingLeaseListener told = new RecordingLeaseListener();
    client.openLeaseStream(told);
    assertThat(told.nextEnd().kind()).isEqualTo(Kind.UNAUTHENTICATED);
  }

  @Test
  void closingEndsTheWaitOfCallsAndStreams() {
    CountDownLatch never = new CountDownLatch(1);
    GrpcEtcdClient stuck =
        Clients.client(
            () -> {
              await(never);
              return new Credentials("user", "secret");
            },
            etcd.endpoint());
    RecordingLeaseListener told = new RecordingLeaseListener();
    stuck.openLeaseStream(told);
    CompletableFuture<?> call = stuck.range(key("a"));
    stuck.close();
    assertThat(failure(call).kind()).isEqualTo(Kind.CLOSED);
    assertThat(told.nextEnd().kind()).isEqualTo(Kind.CLOSED);
  }

  @Test
  void aLostConnectionIsNoFailedLogin() {
    int port = etcd.port();
    etcd.close();
    for (int i = 0; i < 5; i++) {
      assertThat(failure(client.range(key("a"))).kind()).isEqualTo(Kind.UNAVAILABLE);
    }
    etcd = FakeEtcd.start(1, port);
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .atMost(Duration.ofMillis(900))
        .ignoreExceptions()
        .until(() -> get(client.range(key("a"))) != null);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
