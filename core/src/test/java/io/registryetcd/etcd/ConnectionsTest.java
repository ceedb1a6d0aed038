package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.failure;
import static io.registryetcd.etcd.Clients.get;
import static io.registryetcd.etcd.Clients.key;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.grpc.Context;
import io.grpc.Status;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.RecordingWatchListener.Created;
import io.registryetcd.etcd.RecordingWatchListener.Ended;
import io.registryetcd.etcd.rpc.WatchResponse;
import io.registryetcd.testkit.FaultProxy;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The choice among endpoints, and what becomes of connections. */
class ConnectionsTest {

  private final FakeEtcd one = FakeEtcd.start(1);
  private final FakeEtcd two = FakeEtcd.start(1);
  private final FakeEtcd foreign = FakeEtcd.start(2);

  @AfterEach
  void close() {
    one.close();
    two.close();
    foreign.close();
  }

  @Test
  void aRefusedConnectionIsToldAtOnceAndTheNextEndpointTaken() {
    one.close();
    try (GrpcEtcdClient client = Clients.client(one.endpoint(), two.endpoint())) {
      assertThat(client.endpoint()).isEqualTo(one.endpoint());
      EtcdException refused = failure(client.range(key("a")));
      assertThat(refused.kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(refused.endpoint()).isEqualTo(one.endpoint());
      assertThat(refused).hasMessageContaining("nothing listens there");
      get(client.range(key("a")));
      assertThat(client.endpoint()).isEqualTo(two.endpoint());
    }
  }

  @Test
  void aFrozenEndpointIsLeftWithinTheConnectTimeout() {
    try (TestEtcd frozen = TestEtcd.start();
        GrpcEtcdClient client =
            Clients.client(
                Clients.config(frozen.endpoint(), two.endpoint()),
                Duration.ofSeconds(1),
                Duration.ofSeconds(3))) {
      frozen.pause();
      long start = System.nanoTime();
      assertThat(failure(client.range(key("a"))).kind()).isEqualTo(Kind.UNAVAILABLE);
      get(client.range(key("a")));
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
      assertThat(client.endpoint()).isEqualTo(two.endpoint());
    }
  }

  @Test
  void anEndpointThatFreezesLaterIsLeftWithTheFirstDeadlineAndItsStreamsEnd() {
    try (TestEtcd first = TestEtcd.start();
        FaultProxy second = FaultProxy.to(first.endpoint());
        FaultProxy proxy = FaultProxy.to(first.endpoint());
        GrpcEtcdClient client =
            Clients.client(
                Clients.config(proxy.endpoint(), second.endpoint()),
                Duration.ofSeconds(2),
                Duration.ofSeconds(2))) {
      RecordingWatchListener told = new RecordingWatchListener();
      client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
      told.next(Created.class);
      proxy.blackhole();
      long start = System.nanoTime();
      assertThat(failure(client.range(key("a")))).hasMessageContaining("range");
      assertThat(told.next(Ended.class).cause()).hasMessageContaining("no answer for");
      get(client.range(key("a")));
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(3800));
      assertThat(client.endpoint()).isEqualTo(second.endpoint());
      proxy.pass();
      Awaitility.await().until(() -> proxy.connections() == 0);
    }
  }

  @Test
  void aStreamAloneFindsAFrozenEndpointToo() {
    try (TestEtcd frozen = TestEtcd.start();
        GrpcEtcdClient client = Clients.client(frozen.endpoint(), two.endpoint())) {
      frozen.pause();
      RecordingWatchListener told = new RecordingWatchListener();
      client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
      assertThat(told.next(Ended.class).cause())
          .hasMessageContaining("no connection within 3000 ms");
      assertThat(client.endpoint()).isEqualTo(two.endpoint());
    }
  }

  @Test
  void aSingleEndpointIsBackWithTheFirstAttemptAfterALongAbsence() {
    try (TestEtcd etcd = TestEtcd.start();
        GrpcEtcdClient client = Clients.client(etcd.endpoint())) {
      get(client.range(key("a")));
      etcd.kill();
      Awaitility.await()
          .pollInterval(Duration.ofMillis(200))
          .during(Duration.ofSeconds(4))
          .atMost(Duration.ofSeconds(30))
          .until(() -> failure(client.range(key("a"))).kind() == Kind.UNAVAILABLE);
      etcd.restart();
      Awaitility.await().pollDelay(EndpointChoice.PAUSE.multipliedBy(2)).until(() -> true);
      assertThatNoException().isThrownBy(() -> get(client.range(key("a"))));
    }
  }

  @Test
  void aSingleEndpointThatIsLeftGetsANewConnection() {
    try (FaultProxy proxy = FaultProxy.to(one.endpoint());
        GrpcEtcdClient client = Clients.client(proxy.endpoint())) {
      get(client.range(key("a")));
      client.leaveEndpoint("elsewhere:1", "not the current one");
      get(client.range(key("a")));
      assertThat(proxy.accepted()).isEqualTo(1);
      client.leaveEndpoint(proxy.endpoint(), "test");
      get(client.range(key("a")));
      assertThat(proxy.accepted()).isEqualTo(2);
      Awaitility.await().until(() -> proxy.connections() == 1);
    }
  }

  @Test
  void leavingAnEndpointEndsItsStreamsWithTheReason() {
    try (GrpcEtcdClient client = Clients.client(one.endpoint(), two.endpoint())) {
      RecordingLeaseListener told = new RecordingLeaseListener();
      client.openLeaseStream(told);
      one.nextLeaseStream();
      client.leaveEndpoint(one.endpoint(), "keepalives are not answered");
      assertThat(told.nextEnd()).hasMessageContaining("keepalives are not answered");
      client.openLeaseStream(told);
      two.nextLeaseStream();
    }
  }

  @Test
  void anEndpointWithoutLeaderIsLeft() {
    one.rangeFailure = token -> Status.UNAVAILABLE.withDescription("etcdserver: no leader");
    try (GrpcEtcdClient client = Clients.client(one.endpoint(), two.endpoint())) {
      assertThat(failure(client.range(key("a")))).hasMessageContaining("no leader");
      get(client.range(key("a")));
      assertThat(client.endpoint()).isEqualTo(two.endpoint());
    }
  }

  @Test
  void anOverloadedEndpointIsKept() {
    one.rangeFailure =
        token -> Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: too many requests");
    try (GrpcEtcdClient client = Clients.client(one.endpoint(), two.endpoint())) {
      assertThat(failure(client.range(key("a"))).kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(client.endpoint()).isEqualTo(one.endpoint());
    }
  }

  @Test
  void anEndpointOfAnotherClusterIsRefusedBeforeAnythingIsSentToIt() {
    try (GrpcEtcdClient client = Clients.client(one.endpoint(), foreign.endpoint())) {
      get(client.range(key("a")));
      client.leaveEndpoint(one.endpoint(), "test");
      foreign.rangeFailure = token -> Status.INTERNAL.withDescription("it was asked");
      EtcdException wrong = failure(client.range(key("a")));
      assertThat(wrong.kind()).isEqualTo(Kind.WRONG_CLUSTER);
      assertThat(wrong)
          .hasMessageContaining(one.endpoint() + " to 1")
          .hasMessageContaining(foreign.endpoint() + " belongs to 2");
      get(client.range(key("a")));
      assertThat(client.endpoint()).isEqualTo(one.endpoint());
    }
  }

  @Test
  void aStreamToAnotherClusterEnds() {
    try (GrpcEtcdClient client = Clients.client(one.endpoint(), foreign.endpoint())) {
      get(client.range(key("a")));
      client.leaveEndpoint(one.endpoint(), "test");
      RecordingWatchListener told = new RecordingWatchListener();
      client.openWatchStream(told);
      assertThat(told.next(Ended.class).cause().kind()).isEqualTo(Kind.WRONG_CLUSTER);
    }
  }

  @Test
  void aClusterMadeAnewAtTheSameEndpointIsAccepted() {
    try (GrpcEtcdClient client = Clients.client(one.endpoint(), two.endpoint())) {
      get(client.range(key("a")));
      client.leaveEndpoint(one.endpoint(), "test");
      get(client.range(key("a")));
      one.close();
      try (FakeEtcd anew = FakeEtcd.start(77, one.port())) {
        client.leaveEndpoint(two.endpoint(), "test");
        assertThat(get(client.range(key("a"))).header().clusterId()).isEqualTo(77);
        client.leaveEndpoint(anew.endpoint(), "test");
        assertThat(failure(client.range(key("a"))).kind()).isEqualTo(Kind.WRONG_CLUSTER);
        assertThat(get(client.range(key("a"))).header().clusterId()).isEqualTo(77);
      }
    }
  }

  @Test
  void withoutAnAnswerToTheQuestionForItsClusterAnEndpointIsJudgedByItsOtherAnswers() {
    foreign.statusFailure = Status.UNIMPLEMENTED;
    two.statusFailure = Status.UNIMPLEMENTED;
    try (GrpcEtcdClient client =
        Clients.client(one.endpoint(), foreign.endpoint(), two.endpoint())) {
      get(client.range(key("a")));
      client.leaveEndpoint(one.endpoint(), "test");
      assertThat(failure(client.range(key("a"))).kind()).isEqualTo(Kind.WRONG_CLUSTER);
      get(client.range(key("a")));
      assertThat(client.endpoint()).isEqualTo(two.endpoint());
    }
  }

  @Test
  void aCallIsNoChildOfTheGrpcCallThatTheCallerServes() {
    try (GrpcEtcdClient client = Clients.client(one.endpoint())) {
      Context.CancellableContext serving = Context.ROOT.withCancellation();
      RecordingWatchListener told = new RecordingWatchListener();
      CompletableFuture<?>[] range = new CompletableFuture<?>[1];
      serving.run(
          () -> {
            client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
            range[0] = client.range(key("a"));
          });
      serving.cancel(new IllegalStateException("the served call ended"));
      var watch = one.nextWatchStream();
      watch.nextRequest();
      watch
          .replies()
          .onNext(WatchResponse.newBuilder().setHeader(one.header(1)).setCreated(true).build());
      told.next(Created.class);
      assertThat(get(range[0])).isNotNull();
      assertThat(told.rest()).isEmpty();
    }
  }

  @Test
  void aCancelledFutureCancelsTheCall() {
    try (FaultProxy proxy = FaultProxy.to(one.endpoint());
        GrpcEtcdClient client = Clients.client(proxy.endpoint())) {
      get(client.range(key("a")));
      proxy.stall();
      CompletableFuture<?> given = client.range(key("b"));
      assertThat(given.cancel(false)).isTrue();
      proxy.pass();
      get(client.range(key("a")));
    }
  }

  @Test
  void closeEndsCallsAndThreadsAndMayBeRepeated() {
    Set<Thread> before = clientThreads();
    GrpcEtcdClient client = Clients.client(one.endpoint());
    get(client.range(key("a")));
    Set<Thread> own = clientThreads();
    own.removeAll(before);
    assertThat(own).hasSize(1);
    RecordingLeaseListener told = new RecordingLeaseListener();
    client.openLeaseStream(told);
    one.nextLeaseStream();
    CompletableFuture<?> last = client.range(key("b"));
    long start = System.nanoTime();
    client.close();
    client.close();
    // its own bound is 1 s
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    assertThat(told.nextEnd().kind()).isEqualTo(Kind.CLOSED);
    assertThat(last.handle((response, failure) -> "done")).succeedsWithin(Duration.ofSeconds(20));
    assertThat(failure(client.range(key("a"))).kind()).isEqualTo(Kind.CLOSED);
    client.openLeaseStream(told);
    assertThat(told.nextEnd().kind()).isEqualTo(Kind.CLOSED);
    Awaitility.await().untilAsserted(() -> assertThat(own).noneMatch(Thread::isAlive));
  }

  private static Set<Thread> clientThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("registry-etcd-client-"))
        .collect(toCollection(HashSet::new));
  }
}
