package io.registryetcd.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.LeaseStream;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.Txn.Compare;
import io.registryetcd.etcd.Txn.Get;
import io.registryetcd.etcd.Txn.Put;
import io.registryetcd.etcd.Txn.Target;
import io.registryetcd.etcd.TxnResponse;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.etcd.WatchStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** The simulated etcd does what a real one does, as far as the engine depends on it. */
class SimEtcdTest {

  private static final ByteString KEY = ByteString.copyFromUtf8("p/a/1");
  private static final ByteString OTHER = ByteString.copyFromUtf8("p/a/2");
  private static final ByteString VALUE = ByteString.copyFromUtf8("v");
  private static final KeyRange RANGE = KeyRange.prefix("p/a/");

  private final VirtualScheduler scheduler = new VirtualScheduler(new SplittableRandom(1));
  private final SimTrace trace = new SimTrace(scheduler, 1000);
  private final SimEtcd etcd = etcd(1);
  private final SimEtcdClient client = client("client", etcd, 0);

  private SimEtcd etcd(int size) {
    return new SimEtcd(scheduler, new SplittableRandom(2), trace, new SimObserver() {}, size);
  }

  private SimEtcdClient client(String name, SimEtcd cluster, Integer... endpoints) {
    return new SimEtcdClient(
        cluster, scheduler.host(name), List.of(endpoints), Duration.ofMillis(1));
  }

  private void run(Duration time) {
    long end = scheduler.now() + time.toNanos();
    while (scheduler.runNext(end)) {
      assertThat(scheduler.executed()).isLessThan(1_000_000);
    }
  }

  private void runUntilDone(CompletableFuture<?> future) {
    long end = scheduler.now() + Duration.ofSeconds(4).toNanos();
    while (!future.isDone() && scheduler.runNext(end)) {
      assertThat(scheduler.executed()).isLessThan(1_000_000);
    }
    assertThat(future).isDone();
  }

  private <T> T get(CompletableFuture<T> future) {
    runUntilDone(future);
    return future.join();
  }

  private Kind failure(CompletableFuture<?> future) {
    runUntilDone(future);
    try {
      future.getNow(null);
    } catch (CompletionException e) {
      return Optional.ofNullable((EtcdException) e.getCause()).orElseThrow().kind();
    }
    throw new AssertionError("no failure of " + future);
  }

  private TxnResponse put(ByteString key, long lease) {
    return get(client.txn(new Txn(List.of(), List.of(new Put(key, VALUE, lease)), List.of())));
  }

  @Test
  void aTransactionIsOneRevisionAndComparesSeeAbsentKeysAsZero() {
    Compare absent = new Compare(KEY, Target.MOD_REVISION, 0);
    Compare free = new Compare(KEY, Target.LEASE, 0);
    Txn both =
        new Txn(
            List.of(absent, free),
            List.of(new Put(KEY, VALUE, 0), new Put(OTHER, VALUE, 0), new Get(KEY)),
            List.of(new Get(KEY)));

    TxnResponse first = get(client.txn(both));
    TxnResponse second = get(client.txn(both));

    assertThat(first.succeeded()).isTrue();
    assertThat(first.header().revision()).isEqualTo(2);
    assertThat(first.gets().get(0).orElseThrow().modRevision()).isEqualTo(2);
    assertThat(second.succeeded()).isFalse();
    assertThat(second.header().revision()).isEqualTo(2);
    assertThat(second.gets().get(0).orElseThrow().createRevision()).isEqualTo(2);
  }

  @Test
  void aWatchIsCreatedThenTellsHistoryThenWhatHappens() {
    etcd.operator().put(KEY, VALUE, 0);
    etcd.operator().put(OTHER, VALUE, 0);
    Recorder recorder = new Recorder();
    client.openWatchStream(recorder).watch(9, RANGE, 2);
    run(Duration.ofSeconds(1));
    etcd.operator().delete(RANGE);
    run(Duration.ofSeconds(1));

    assertThat(recorder.told.get(0)).isEqualTo("created 9 at 3");
    assertThat(recorder.events)
        .containsExactly("put p/a/1@2", "put p/a/2@3", "delete p/a/1@4", "delete p/a/2@4");
    assertThat(recorder.told).last().isEqualTo("2 events");
  }

  @Test
  void aWatchFromACompactedRevisionIsCanceled() {
    for (int i = 0; i < 5; i++) {
      etcd.operator().put(KEY, VALUE, 0);
    }
    etcd.operator().compact(5);
    Recorder recorder = new Recorder();
    client.openWatchStream(recorder).watch(1, RANGE, 3);
    run(Duration.ofSeconds(1));

    assertThat(recorder.told).containsExactly("created 1 at 6", "canceled 1 compacted 5 COMPACTED");
    RangeRequest old = new RangeRequest(RANGE.start(), RANGE.end(), 3, 0);
    assertThat(failure(client.range(old))).isEqualTo(Kind.COMPACTED);
  }

  @Test
  void aWatchFromTheFutureOfAWipedEtcdIsSilent() {
    for (int i = 0; i < 5; i++) {
      etcd.operator().put(KEY, VALUE, 0);
    }
    etcd.kill(0, false);
    etcd.wipe(1, KEY);
    etcd.start(0);
    run(Duration.ofSeconds(2));
    Recorder recorder = new Recorder();
    client.openWatchStream(recorder).watch(1, RANGE, 7);
    run(Duration.ofSeconds(1));
    etcd.operator().put(KEY, VALUE, 0);
    run(Duration.ofSeconds(1));

    assertThat(recorder.told).containsExactly("created 1 at 1");
  }

  @Test
  void aLeaseEndsWithItsKeysInOneRevisionUnlessRenewed() {
    get(client.leaseGrant(5, 1));
    assertThat(failure(client.leaseGrant(5, 1))).isEqualTo(Kind.LEASE_EXISTS);
    get(client.leaseGrant(6, 8));
    put(KEY, 6);
    put(OTHER, 6);
    long revision = etcd.store().revision();
    run(Duration.ofSeconds(10));

    assertThat(etcd.leases().all()).isEmpty();
    assertThat(etcd.store().revision()).isEqualTo(revision + 1);
    assertThat(etcd.store().range(RANGE)).isEmpty();
    Txn late = new Txn(List.of(), List.of(new Put(KEY, VALUE, 6)), List.of());
    assertThat(failure(client.txn(late))).isEqualTo(Kind.LEASE_NOT_FOUND);
    assertThat(failure(client.leaseRevoke(6))).isEqualTo(Kind.LEASE_NOT_FOUND);
  }

  @Test
  void aKeepaliveRenewsAndTellsOfALostLease() {
    get(client.leaseGrant(5, 3));
    Renewals renewals = new Renewals();
    LeaseStream stream = client.openLeaseStream(renewals);
    for (int i = 0; i < 6; i++) {
      stream.keepAlive(5);
      run(Duration.ofSeconds(2));
    }
    etcd.operator().revoke(5);
    stream.keepAlive(5);
    run(Duration.ofSeconds(1));

    assertThat(renewals.ttls).containsExactly(3L, 3L, 3L, 3L, 3L, 3L, 0L);
  }

  @Test
  void aPutUnderAnotherLeaseMovesTheKey() {
    get(client.leaseGrant(5, 60));
    get(client.leaseGrant(6, 60));
    put(KEY, 5);
    put(KEY, 6);
    get(client.leaseRevoke(5));

    assertThat(etcd.store().get(KEY).orElseThrow().lease()).isEqualTo(6);
  }

  @Test
  void aRestartKeepsTheDataAndGivesLeasesTheirFullTime() {
    get(client.leaseGrant(5, 5));
    put(KEY, 5);
    etcd.kill(0, false);
    run(Duration.ofSeconds(20));
    etcd.start(0);
    run(Duration.ofSeconds(4));

    assertThat(etcd.store().get(KEY)).isPresent();
    assertThat(etcd.term()).isEqualTo(3);
    run(Duration.ofSeconds(3));
    assertThat(etcd.store().get(KEY)).isEmpty();
  }

  @Test
  void aRestoredSnapshotBringsLeasesBackWithTheirKeys() {
    get(client.leaseGrant(5, 60));
    put(KEY, 5);
    SimOperator.Saved saved = etcd.operator().save();
    get(client.leaseRevoke(5));
    etcd.kill(0, false);
    etcd.restore(saved);
    etcd.start(0);
    run(Duration.ofSeconds(2));

    assertThat(etcd.store().get(KEY)).isPresent();
    assertThat(etcd.store().revision()).isEqualTo(2);
    assertThat(get(client.leaseRevoke(5)).revision()).isEqualTo(3);
    assertThat(etcd.store().get(KEY)).isEmpty();
  }

  @Test
  void aCutEndsStreamsAndCallsAndMayStillExecuteThem() {
    int executed = 0;
    for (int i = 0; i < 100; i++) {
      ByteString key = ByteString.copyFromUtf8("k" + i);
      Recorder recorder = new Recorder();
      client.openWatchStream(recorder);
      var call = client.txn(new Txn(List.of(), List.of(new Put(key, VALUE, 0)), List.of()));
      run(Duration.ofNanos(i * 20_000L));
      client.cut();
      run(Duration.ofSeconds(10));
      if (call.isCompletedExceptionally()) {
        assertThat(recorder.told).containsExactly("end UNAVAILABLE");
        executed += etcd.store().get(key).isPresent() ? 1 : 0;
      }
    }
    assertThat(executed).isBetween(10, 90);
  }

  @Test
  void aTrapCutsAfterTheExecution() {
    client.cutAfter(SimMoment.GRANT);

    assertThat(failure(client.leaseGrant(5, 60))).isEqualTo(Kind.UNAVAILABLE);
    assertThat(etcd.leases().get(5)).isPresent();
  }

  @Test
  void aFrozenEtcdAnswersWhenItWakesAndCallsFailAtTheirDeadline() {
    get(client.range(RangeRequest.all(RANGE)));
    etcd.freeze(0);
    assertThat(failure(client.range(RangeRequest.all(RANGE)))).isEqualTo(Kind.UNAVAILABLE);
    Recorder recorder = new Recorder();
    client.openWatchStream(recorder).watch(1, RANGE, 0);
    run(Duration.ofSeconds(2));
    assertThat(recorder.told).isEmpty();
    etcd.wake(0);
    run(Duration.ofSeconds(1));

    assertThat(recorder.told).containsExactly("created 1 at 1");
  }

  @Test
  void aLaggingMemberTellsAnOldRevisionUntilSomethingLinearizableIsRead() {
    SimEtcd three = etcd(3);
    SimEtcdClient lagging = client("lagging", three, 2);
    three.lag(2);
    three.operator().put(KEY, VALUE, 0);
    Recorder recorder = new Recorder();
    WatchStream stream = lagging.openWatchStream(recorder);
    stream.watch(1, RANGE, 0);
    run(Duration.ofSeconds(1));
    assertThat(recorder.told).containsExactly("created 1 at 1");

    assertThat(get(lagging.range(RangeRequest.all(RANGE))).header().revision()).isEqualTo(2);
    run(Duration.ofSeconds(1));
    assertThat(recorder.events).containsExactly("put p/a/1@2");
  }

  @Test
  void anotherMemberLeadsWhenTheLeaderIsKilled() {
    SimEtcd three = etcd(3);
    SimEtcdClient follower = client("follower", three, 1);
    get(follower.leaseGrant(5, 60));
    three.kill(0, false);
    var call = follower.txn(new Txn(List.of(), List.of(new Put(KEY, VALUE, 5)), List.of()));

    assertThat(get(call).succeeded()).isTrue();
    assertThat(three.term()).isEqualTo(3);
  }

  @Test
  void aClientLeavesADeadEndpoint() {
    SimEtcd three = etcd(3);
    SimEtcdClient many = client("many", three, 1, 2);
    three.kill(1, true);

    assertThat(failure(many.range(RangeRequest.all(RANGE)))).isEqualTo(Kind.UNAVAILABLE);
    assertThat(many.endpoint()).isEqualTo("etcd2");
    assertThat(get(many.range(RangeRequest.all(RANGE))).kvs()).isEmpty();
  }

  @Test
  void aPausedProcessHearsEverythingInOrderWhenItGoesOn() {
    Recorder recorder = new Recorder();
    client.openWatchStream(recorder).watch(1, RANGE, 2);
    run(Duration.ofSeconds(1));
    client.host.pause();
    for (int i = 0; i < 5; i++) {
      etcd.operator().put(KEY, VALUE, 0);
      run(Duration.ofSeconds(1));
    }
    assertThat(recorder.events).isEmpty();
    client.host.resume();
    run(Duration.ofSeconds(1));

    assertThat(recorder.events)
        .containsExactly("put p/a/1@2", "put p/a/1@3", "put p/a/1@4", "put p/a/1@5", "put p/a/1@6");
  }

  @Test
  void aBlockedConnectionIsGivenUpByKeepaliveAndNoNewOneComesUp() {
    Recorder recorder = new Recorder();
    client.openWatchStream(recorder).watch(1, RANGE, 2);
    run(Duration.ofSeconds(1));
    client.partition();
    run(Duration.ofSeconds(16));
    assertThat(recorder.told).last().isEqualTo("end UNAVAILABLE");
    assertThat(failure(client.range(RangeRequest.all(RANGE)))).isEqualTo(Kind.UNAVAILABLE);
    client.unblock();
    run(Duration.ofSeconds(1));

    assertThat(get(client.range(RangeRequest.all(RANGE))).kvs()).isEmpty();
  }

  @Test
  void noCallIsMadeAfterClose() {
    Recorder recorder = new Recorder();
    client.openWatchStream(recorder);
    client.close();
    run(Duration.ofSeconds(1));

    assertThat(recorder.told).containsExactly("end CLOSED");
    assertThat(failure(client.range(RangeRequest.key(KEY)))).isEqualTo(Kind.CLOSED);
  }

  /** Writes down what a watch stream tells. */
  private static final class Recorder implements WatchStream.Listener {
    private final List<String> told = new ArrayList<>();
    private final List<String> events = new ArrayList<>();

    @Override
    public void onCreated(Header header, long watch) {
      told.add("created " + watch + " at " + header.revision());
    }

    @Override
    public void onEvents(Header header, long watch, List<WatchEvent> batch) {
      told.add(batch.size() + " events");
      for (WatchEvent event : batch) {
        String what = Optional.of("put ").filter(put -> event.put().isPresent()).orElse("delete ");
        events.add(what + event.key().toStringUtf8() + "@" + event.modRevision());
      }
    }

    @Override
    public void onCanceled(long watch, long compactRevision, EtcdException cause) {
      told.add("canceled " + watch + " compacted " + compactRevision + " " + cause.kind());
    }

    @Override
    public void onEnd(EtcdException cause) {
      told.add("end " + cause.kind());
    }
  }

  /** Writes down what a lease stream tells. */
  private static final class Renewals implements LeaseStream.Listener {
    private final List<Long> ttls = new ArrayList<>();

    @Override
    public void onLoggedIn() {}

    @Override
    public void onReply(Header header, long leaseId, long ttlSeconds) {
      ttls.add(ttlSeconds);
    }

    @Override
    public void onEnd(EtcdException cause) {
      ttls.add(-1L);
    }
  }
}
