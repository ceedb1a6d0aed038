package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.failure;
import static io.registryetcd.etcd.Clients.get;
import static io.registryetcd.etcd.Clients.key;
import static io.registryetcd.etcd.Clients.put;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.RecordingWatchListener.Created;
import io.registryetcd.etcd.RecordingWatchListener.Ended;
import io.registryetcd.etcd.RecordingWatchListener.Events;
import io.registryetcd.testkit.FaultProxy;
import io.registryetcd.testkit.TestEtcd;
import io.registryetcd.testkit.TestEtcdCluster;
import java.time.Duration;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What real etcds do when they end, lose their leader, or are reached in unusual ways. */
class EtcdFaultsTest {

  @Test
  void streamsEndWhenEtcdStopsOrIsKilled() {
    try (TestEtcd etcd = TestEtcd.start();
        GrpcEtcdClient client = Clients.client(etcd.endpoint())) {
      RecordingWatchListener told = new RecordingWatchListener();
      RecordingLeaseListener renewed = new RecordingLeaseListener();
      client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
      client.openLeaseStream(renewed).keepAlive(1);
      told.next(Created.class);
      renewed.nextReply();
      etcd.stop();
      assertThat(told.next(Ended.class).cause().kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(renewed.nextEnd().kind()).isEqualTo(Kind.UNAVAILABLE);
      etcd.restart();
      Awaitility.await().ignoreExceptions().until(() -> get(client.range(key("a"))) != null);
      client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
      told.next(Created.class);
      etcd.kill();
      assertThat(told.next(Ended.class).cause().kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(told.rest()).isEmpty();
    }
  }

  @Test
  void aMemberCutFromItsPeersIsLeft() {
    try (TestEtcdCluster cluster = TestEtcdCluster.start(3);
        GrpcEtcdClient client =
            Clients.client(
                Clients.config(cluster.endpoints().toArray(String[]::new)),
                Duration.ofSeconds(3),
                Duration.ofSeconds(3))) {
      RecordingWatchListener told = new RecordingWatchListener();
      client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
      told.next(Created.class);
      String first = client.endpoint();
      cluster.isolate(cluster.endpoints().indexOf(first));
      EtcdException end = told.next(Ended.class).cause();
      assertThat(end.kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(end).hasMessageContaining("no leader");
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .ignoreExceptions()
          .until(() -> get(client.txn(put("a/1", "1"))) != null);
      assertThat(client.endpoint()).isNotEqualTo(first);
    }
  }

  @Test
  void anUnansweredPutIsUnavailableAndItsConnectionIsReplaced() {
    try (TestEtcd etcd = TestEtcd.start();
        FaultProxy proxy = FaultProxy.to(etcd.endpoint());
        GrpcEtcdClient client = Clients.client(proxy.endpoint())) {
      get(client.leaseGrant(5, 60));
      proxy.cutReply(frame -> true);
      EtcdException unknown = failure(client.leaseGrant(6, 60));
      assertThat(unknown.kind()).isEqualTo(Kind.UNAVAILABLE);
      Awaitility.await().until(() -> failure(client.leaseGrant(6, 60)).kind() == Kind.LEASE_EXISTS);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "::1"})
  void namesAndIpv6AddressesWork(String host) {
    try (TestEtcd etcd = TestEtcd.builder().host(host).start();
        GrpcEtcdClient client = Clients.client(etcd.url())) {
      assertThatNoException().isThrownBy(() -> get(client.range(key("a"))));
    }
  }

  @Test
  void aNameThatDoesNotExistIsToldAsSuch() {
    try (GrpcEtcdClient client = Clients.client("no-such-host.invalid:2379")) {
      assertThat(failure(client.range(key("a")))).hasMessageContaining("host name is unknown");
    }
  }

  @Test
  void theJvmsProxySettingsAreFollowedOnlyIfAsked() {
    try (TestEtcd etcd = TestEtcd.start();
        FaultProxy noHttpProxy = FaultProxy.to(etcd.endpoint())) {
      System.setProperty("http.nonProxyHosts", "");
      System.setProperty("https.proxyHost", "127.0.0.1");
      System.setProperty("https.proxyPort", Integer.toString(noHttpProxy.port()));
      try (GrpcEtcdClient direct = Clients.client(etcd.endpoint());
          GrpcEtcdClient proxied = GrpcEtcdClient.create(viaProxy(etcd.endpoint()))) {
        get(direct.range(key("a")));
        assertThat(noHttpProxy.accepted()).isZero();
        assertThat(failure(proxied.range(key("a"))).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(noHttpProxy.accepted()).isPositive();
      } finally {
        System.clearProperty("http.nonProxyHosts");
        System.clearProperty("https.proxyHost");
        System.clearProperty("https.proxyPort");
      }
    }
  }

  @Test
  void eventsAfterAQuietTimeStillCome() {
    try (TestEtcd etcd = TestEtcd.start();
        GrpcEtcdClient client = Clients.client(etcd.endpoint())) {
      RecordingWatchListener told = new RecordingWatchListener();
      client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
      told.next(Created.class);
      Awaitility.await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
      assertThat(told.rest()).isEmpty();
      get(client.txn(put("a/1", "1")));
      told.next(Events.class);
    }
  }

  private static EtcdClientConfig viaProxy(String endpoint) {
    EtcdClientConfig direct = Clients.config(endpoint);
    return new EtcdClientConfig(
        direct.endpoints(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        direct.connectTimeout(),
        direct.requestTimeout(),
        true);
  }
}
