package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.bytes;
import static io.registryetcd.etcd.Clients.delete;
import static io.registryetcd.etcd.Clients.failure;
import static io.registryetcd.etcd.Clients.get;
import static io.registryetcd.etcd.Clients.key;
import static io.registryetcd.etcd.Clients.put;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.RecordingWatchListener.Canceled;
import io.registryetcd.etcd.RecordingWatchListener.Created;
import io.registryetcd.etcd.RecordingWatchListener.Events;
import io.registryetcd.testkit.TestEtcd;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every operation against a real etcd. */
class GrpcEtcdClientTest {

  private static TestEtcd etcd;

  private GrpcEtcdClient client;

  @BeforeAll
  static void startEtcd() {
    etcd = TestEtcd.start();
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  @BeforeEach
  void openClient() {
    client = Clients.client(etcd.endpoint());
  }

  @AfterEach
  void closeClient() {
    client.close();
  }

  @Test
  void readsWhatWasWritten() {
    TxnResponse written = get(client.txn(put("read/a", "1")));
    get(client.txn(put("read/b", "2")));
    RangeResponse one = get(client.range(key("read/a")));
    assertThat(one.kvs())
        .containsExactly(
            new KeyValue(
                bytes("read/a"),
                bytes("1"),
                written.header().revision(),
                written.header().revision(),
                1,
                0));
    RangeResponse all = get(client.range(RangeRequest.all(KeyRange.prefix("read/"))));
    assertThat(all.kvs())
        .extracting(kv -> kv.key().toStringUtf8())
        .containsExactly("read/a", "read/b");
    assertThat(all.header().clusterId()).isNotZero();
    assertThat(all.header().memberId()).isNotZero();
    assertThat(all.header().raftTerm()).isPositive();
    assertThat(all.more()).isFalse();
  }

  @Test
  void readsPagesAtARevision() {
    get(client.txn(put("page/a", "1")));
    long revision = get(client.txn(put("page/b", "2"))).header().revision();
    get(client.txn(delete("page/b")));
    KeyRange range = KeyRange.prefix("page/");
    RangeResponse first =
        get(client.range(new RangeRequest(range.start(), range.end(), revision, 1)));
    assertThat(first.more()).isTrue();
    assertThat(first.kvs()).hasSize(1);
    RangeResponse rest =
        get(client.range(new RangeRequest(bytes("page/a\0"), range.end(), revision, 1)));
    assertThat(rest.kvs()).extracting(KeyValue::value).containsExactly(bytes("2"));
    assertThat(rest.more()).isFalse();
  }

  @Test
  void transactionsCompareRevisionsAndLeases() {
    get(client.leaseGrant(77, 60));
    Txn create =
        new Txn(
            List.of(new Txn.Compare(bytes("txn/k"), Txn.Target.MOD_REVISION, 0)),
            List.of(new Txn.Put(bytes("txn/k"), bytes("v"), 77)),
            List.of(new Txn.Get(bytes("txn/k")), new Txn.Get(bytes("txn/none"))));
    assertThat(get(client.txn(create)).succeeded()).isTrue();
    TxnResponse second = get(client.txn(create));
    assertThat(second.succeeded()).isFalse();
    assertThat(second.gets()).hasSize(2);
    assertThat(second.gets().get(0)).get().extracting(KeyValue::lease).isEqualTo(77L);
    assertThat(second.gets().get(1)).isEmpty();
    Txn deleteIfOurs =
        new Txn(
            List.of(new Txn.Compare(bytes("txn/k"), Txn.Target.LEASE, 77)),
            List.of(new Txn.Delete(bytes("txn/k"))),
            List.of());
    assertThat(get(client.txn(deleteIfOurs)).succeeded()).isTrue();
    assertThat(get(client.txn(deleteIfOurs)).succeeded()).isFalse();
  }

  @Test
  void grantsRevokesAndNamesLeaseErrors() {
    assertThat(get(client.leaseGrant(88, 60)).ttlSeconds()).isEqualTo(60);
    assertThat(failure(client.leaseGrant(88, 60)).kind()).isEqualTo(Kind.LEASE_EXISTS);
    get(client.txn(put("lease/k", "v", 88)));
    get(client.leaseRevoke(88));
    assertThat(get(client.range(key("lease/k"))).kvs()).isEmpty();
    assertThat(failure(client.leaseRevoke(88)).kind()).isEqualTo(Kind.LEASE_NOT_FOUND);
    EtcdException late = failure(client.txn(put("lease/k", "v", 88)));
    assertThat(late.kind()).isEqualTo(Kind.LEASE_NOT_FOUND);
    assertThat(late).hasMessageContaining("transaction").hasMessageContaining(etcd.endpoint());
    assertThat(late.endpoint()).isEqualTo(etcd.endpoint());
  }

  @Test
  void keepsLeasesAliveOnOneStream() {
    get(client.leaseGrant(91, 60));
    get(client.leaseGrant(92, 30));
    RecordingLeaseListener listener = new RecordingLeaseListener();
    LeaseStream stream = client.openLeaseStream(listener);
    stream.keepAlive(91);
    stream.keepAlive(92);
    stream.keepAlive(93);
    assertThat(listener.nextReply()).extracting("leaseId", "ttlSeconds").containsExactly(91L, 60L);
    assertThat(listener.nextReply()).extracting("leaseId", "ttlSeconds").containsExactly(92L, 30L);
    RecordingLeaseListener.Reply lost = listener.nextReply();
    assertThat(lost).extracting("leaseId", "ttlSeconds").containsExactly(93L, 0L);
    assertThat(lost.header().clusterId()).isNotZero();
    stream.close();
    stream.keepAlive(91);
    get(client.range(key("x")));
    assertThat(listener.nothing()).isTrue();
  }

  @Test
  void watchesManyRangesOnOneStream() {
    long start = get(client.txn(put("watch/a/0", "0"))).header().revision();
    RecordingWatchListener told = new RecordingWatchListener();
    WatchStream stream = client.openWatchStream(told);
    stream.watch(7, KeyRange.prefix("watch/a/"), start);
    assertThat(told.next(Created.class).watch()).isEqualTo(7);
    Events history = told.next(Events.class);
    assertThat(history.watch()).isEqualTo(7);
    assertThat(history.events().get(0).put())
        .get()
        .extracting(KeyValue::value)
        .isEqualTo(bytes("0"));
    stream.watch(9, KeyRange.prefix("watch/b/"), start + 1);
    assertThat(told.next(Created.class).watch()).isEqualTo(9);
    get(client.leaseGrant(95, 60));
    get(client.txn(put("watch/b/1", "1", 95)));
    Events put = told.next(Events.class);
    assertThat(put.watch()).isEqualTo(9);
    assertThat(put.events().get(0).put()).get().extracting(KeyValue::lease).isEqualTo(95L);
    get(client.leaseRevoke(95));
    WatchEvent deleted = told.next(Events.class).events().get(0);
    assertThat(deleted.put()).isEqualTo(Optional.empty());
    assertThat(deleted.key()).isEqualTo(bytes("watch/b/1"));
    stream.close();
  }

  @Test
  void aCancelledWatchIsSilent() {
    RecordingWatchListener told = new RecordingWatchListener();
    WatchStream stream = client.openWatchStream(told);
    stream.watch(2, KeyRange.key(bytes("cancel/b")), 0);
    assertThat(told.next(Created.class).watch()).isEqualTo(2);
    stream.watch(3, KeyRange.key(bytes("cancel/a")), 0);
    assertThat(told.next(Created.class).watch()).isEqualTo(3);
    stream.cancel(2);
    get(client.txn(put("cancel/b", "")));
    get(client.txn(put("cancel/a", "")));
    assertThat(told.next(Events.class).watch()).isEqualTo(3);
    assertThat(told.rest()).isEmpty();
    stream.close();
  }

  @Test
  void tellsCompaction() {
    get(client.txn(put("compact/a", "1")));
    long revision = get(client.txn(put("compact/a", "2"))).header().revision();
    etcd.etcdctl("compact", Long.toString(revision));
    RecordingWatchListener told = new RecordingWatchListener();
    WatchStream stream = client.openWatchStream(told);
    stream.watch(5, KeyRange.key(bytes("compact/a")), revision - 1);
    told.next(Created.class);
    Canceled canceled = told.next(Canceled.class);
    assertThat(canceled.watch()).isEqualTo(5);
    assertThat(canceled.compactRevision()).isEqualTo(revision);
    assertThat(canceled.cause().kind()).isEqualTo(Kind.COMPACTED);
    KeyRange range = KeyRange.key(bytes("compact/a"));
    EtcdException old =
        failure(client.range(new RangeRequest(range.start(), range.end(), revision - 1, 0)));
    assertThat(old.kind()).isEqualTo(Kind.COMPACTED);
    stream.close();
  }

  @Test
  void putsTheFragmentsOfEtcdTogether() {
    String value = "x".repeat(10_000);
    long start = 0;
    for (int txn = 0; txn < 8; txn++) {
      List<Txn.Op> ops = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        ops.add(new Txn.Put(bytes("fragment/" + i), bytes(value), 0));
      }
      long revision = get(client.txn(new Txn(List.of(), ops, List.of()))).header().revision();
      start = start == 0 ? revision : start;
    }
    RecordingWatchListener told = new RecordingWatchListener();
    WatchStream stream = client.openWatchStream(told);
    stream.watch(1, KeyRange.prefix("fragment/"), start);
    told.next(Created.class);
    List<Long> revisions = new ArrayList<>();
    while (revisions.size() < 800) {
      List<WatchEvent> events = told.next(Events.class).events();
      if (!revisions.isEmpty()) {
        assertThat(events.get(0).modRevision()).isGreaterThan(revisions.get(revisions.size() - 1));
      }
      events.forEach(event -> revisions.add(event.modRevision()));
    }
    assertThat(revisions).isSorted().hasSize(800);
    stream.close();
  }

  @Test
  void readsListsFarAboveFourMebibytes() {
    String value = "x".repeat(50_000);
    for (int txn = 0; txn < 10; txn++) {
      List<Txn.Op> ops = new ArrayList<>();
      for (int i = 0; i < 25; i++) {
        ops.add(new Txn.Put(bytes("big/" + txn + "/" + i), bytes(value), 0));
      }
      get(client.txn(new Txn(List.of(), ops, List.of())));
    }
    assertThat(get(client.range(RangeRequest.all(KeyRange.prefix("big/")))).kvs()).hasSize(250);
  }

  @Test
  void refusesWhatIsTooLarge() {
    EtcdException refused = failure(client.txn(put("large", "x".repeat(3 << 20))));
    assertThat(refused.kind()).isEqualTo(Kind.REFUSED);
    List<Txn.Op> many =
        IntStream.rangeClosed(0, Txn.MAX_OPS)
            .<Txn.Op>mapToObj(i -> new Txn.Delete(bytes("many/" + i)))
            .toList();
    assertThat(failure(client.txn(new Txn(List.of(), many, List.of()))).kind())
        .isEqualTo(Kind.REFUSED);
  }
}
