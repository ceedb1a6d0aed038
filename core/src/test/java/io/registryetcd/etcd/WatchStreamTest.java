package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.RecordingWatchListener.Canceled;
import io.registryetcd.etcd.RecordingWatchListener.Created;
import io.registryetcd.etcd.RecordingWatchListener.Ended;
import io.registryetcd.etcd.RecordingWatchListener.Events;
import io.registryetcd.etcd.rpc.Event;
import io.registryetcd.etcd.rpc.KeyValue;
import io.registryetcd.etcd.rpc.WatchRequest;
import io.registryetcd.etcd.rpc.WatchResponse;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The watch stream against a server that answers in every order etcd may. */
class WatchStreamTest {

  private FakeEtcd etcd;
  private GrpcEtcdClient client;
  private RecordingWatchListener told;
  private WatchStream stream;
  private FakeEtcd.Stream<WatchRequest, WatchResponse> server;

  @BeforeEach
  void open() {
    etcd = FakeEtcd.start(1);
    client = Clients.client(etcd.endpoint());
    told = new RecordingWatchListener();
    stream = client.openWatchStream(told);
    server = etcd.nextWatchStream();
  }

  @AfterEach
  void close() {
    client.close();
    etcd.close();
  }

  @Test
  void asksForFragmentsAndALeader() {
    stream.watch(4, KeyRange.prefix("a/"), 12);
    var create = server.nextRequest().getCreateRequest();
    assertThat(create.getFragment()).isTrue();
    assertThat(create.getStartRevision()).isEqualTo(12);
    assertThat(create.getKey()).isEqualTo(bytes("a/"));
    assertThat(create.getRangeEnd()).isEqualTo(bytes("a0"));
    Metadata headers = etcd.headers.get(0);
    assertThat(headers.get(Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER)))
        .isEqualTo("true");
  }

  @Test
  void matchesCreationsByTheirOrderWithARefusedOneInBetween() {
    watch(10, 11, 12, 13);
    reply(created(0));
    reply(created(-1).setCanceled(true).setCancelReason("mvcc: watcher range is empty"));
    reply(created(7));
    assertThat(told.next(Created.class).watch()).isEqualTo(10);
    Canceled refused = told.next(Canceled.class);
    assertThat(refused.watch()).isEqualTo(11);
    assertThat(refused.cause().kind()).isEqualTo(Kind.REFUSED);
    assertThat(told.next(Created.class).watch()).isEqualTo(12);
    reply(events(7, 5, "k"));
    assertThat(told.next(Events.class).watch()).isEqualTo(12);
    reply(created(-1).setCanceled(true).setCancelReason("something new"));
    assertThat(told.next(Canceled.class).cause().kind()).isEqualTo(Kind.UNAVAILABLE);
  }

  @Test
  void putsFragmentsTogetherPerWatch() {
    watch(1, 2);
    reply(created(0));
    reply(created(1));
    reply(events(0, 9, "a").setFragment(true));
    reply(events(1, 9, "x"));
    reply(events(0, 9, "b").setFragment(true));
    reply(events(0, 9, "c"));
    told.next(Created.class);
    told.next(Created.class);
    assertThat(told.next(Events.class).watch()).isEqualTo(2);
    Events whole = told.next(Events.class);
    assertThat(whole.watch()).isEqualTo(1);
    assertThat(whole.events())
        .extracting(e -> e.key().toStringUtf8())
        .containsExactly("a", "b", "c");
  }

  @Test
  void aProgressResponseIsNotAnEvent() {
    watch(1);
    reply(created(0));
    reply(WatchResponse.newBuilder().setWatchId(0));
    reply(events(0, 3, "k"));
    told.next(Created.class);
    assertThat(told.next(Events.class).header().revision()).isEqualTo(3);
  }

  @Test
  void aWatchCancelledBeforeItsCreationIsCancelledAtTheServer() {
    stream.watch(1, KeyRange.prefix("a/"), 0);
    stream.cancel(1);
    stream.watch(2, KeyRange.prefix("b/"), 0);
    server.nextRequest();
    server.nextRequest();
    reply(created(40));
    reply(events(40, 2, "late"));
    reply(created(41));
    assertThat(server.nextRequest().getCancelRequest().getWatchId()).isEqualTo(40);
    assertThat(told.next(Created.class).watch()).isEqualTo(2);
    reply(WatchResponse.newBuilder().setWatchId(40).setCanceled(true));
    reply(events(41, 3, "k"));
    assertThat(told.next(Events.class).watch()).isEqualTo(2);
  }

  @Test
  void aNumberMayBeUsedAgainAfterItsEnd() {
    watch(1);
    reply(created(0));
    told.next(Created.class);
    reply(WatchResponse.newBuilder().setWatchId(0).setCanceled(true).setCompactRevision(30));
    assertThat(told.next(Canceled.class).compactRevision()).isEqualTo(30);
    watch(1);
    reply(created(1));
    reply(events(1, 31, "k"));
    told.next(Created.class);
    assertThat(told.next(Events.class).watch()).isEqualTo(1);
  }

  @Test
  void tellsACleanEndOnce() {
    watch(1);
    reply(created(0));
    told.next(Created.class);
    server.replies().onCompleted();
    EtcdException cause = told.next(Ended.class).cause();
    assertThat(cause.kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(cause).hasMessageContaining("watch: the stream ended");
    stream.watch(2, KeyRange.prefix("b/"), 0);
    stream.cancel(1);
    assertThat(told.rest()).isEmpty();
  }

  @Test
  void tellsAnUncleanEndOnce() {
    server.replies().onError(Status.UNKNOWN.withDescription("etcdserver: odd").asException());
    assertThat(told.next(Ended.class).cause().kind()).isEqualTo(Kind.UNAVAILABLE);
    stream.close();
    assertThat(told.rest()).isEmpty();
  }

  @Test
  void tellsTheEndWhenTheClientCloses() {
    watch(1);
    client.close();
    assertThat(told.next(Ended.class).cause().kind()).isEqualTo(Kind.CLOSED);
  }

  @Test
  void aClosedStreamIsSilent() {
    watch(1);
    reply(created(0));
    told.next(Created.class);
    stream.close();
    reply(events(0, 3, "k"));
    Clients.get(client.range(Clients.key("x")));
    client.close();
    assertThat(told.rest()).isEmpty();
  }

  @Test
  void aListenerThatThrowsHearsTheRest() {
    RecordingWatchListener throwing =
        new RecordingWatchListener() {
          @Override
          public void onCreated(Header header, long watch) {
            super.onCreated(header, watch);
            throw new IllegalStateException("listener");
          }
        };
    WatchStream other = client.openWatchStream(throwing);
    server = etcd.nextWatchStream();
    other.watch(1, KeyRange.prefix("a/"), 0);
    server.nextRequest();
    reply(created(0));
    reply(events(0, 3, "k"));
    throwing.next(Created.class);
    throwing.next(Events.class);
  }

  @Test
  void theClientMayBeClosedInACallback() {
    RecordingWatchListener closing =
        new RecordingWatchListener() {
          @Override
          public void onCreated(Header header, long watch) {
            client.close();
            super.onCreated(header, watch);
          }
        };
    WatchStream other = client.openWatchStream(closing);
    server = etcd.nextWatchStream();
    other.watch(1, KeyRange.prefix("a/"), 0);
    server.nextRequest();
    reply(created(0));
    closing.next(Created.class);
    assertThat(closing.next(Ended.class).cause().kind()).isEqualTo(Kind.CLOSED);
  }

  private void watch(long... numbers) {
    for (long number : numbers) {
      stream.watch(number, KeyRange.prefix(number + "/"), 0);
      server.nextRequest();
    }
  }

  private void reply(WatchResponse.Builder response) {
    if (!response.hasHeader()) {
      response.setHeader(etcd.header(1));
    }
    server.replies().onNext(response.build());
  }

  private static WatchResponse.Builder created(long id) {
    return WatchResponse.newBuilder().setWatchId(id).setCreated(true);
  }

  private WatchResponse.Builder events(long id, long revision, String... keys) {
    WatchResponse.Builder response =
        WatchResponse.newBuilder().setWatchId(id).setHeader(etcd.header(revision));
    IntStream.range(0, keys.length)
        .forEach(
            i ->
                response.addEvents(
                    Event.newBuilder()
                        .setKv(
                            KeyValue.newBuilder()
                                .setKey(bytes(keys[i]))
                                .setModRevision(revision))));
    return response;
  }
}
