package io.registryetcd.etcd;

import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.rpc.RangeRequest;
import io.registryetcd.etcd.rpc.RangeResponse;
import io.registryetcd.etcd.rpc.WatchRequest;
import io.registryetcd.etcd.rpc.WatchResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * The watch stream on gRPC: gives etcd's watch ids back as the caller's numbers.
 *
 * <p>etcd answers creations in the order in which they were asked for, a refused one included, but
 * a refused one has no id (-1). So the answers are matched by their order and not by ids. Its state
 * changes on the client's thread only.
 */
final class GrpcWatchStream implements WatchStream, StreamCall.Receiver<WatchResponse> {

  private static final long NO_ID = -1;

  private final Rpc rpc;
  private final Listener listener;
  private final Queue<Watched> asked = new ArrayDeque<>();
  private final Map<Long, Watched> byId = new HashMap<>();
  private final Map<Long, Watched> byNumber = new HashMap<>();
  private final StreamCall<WatchRequest, WatchResponse> stream;

  private static final class Watched {
    final long number;
    final KeyRange range;
    final List<WatchEvent> fragments = new ArrayList<>();
    long id = NO_ID;
    boolean cancelled;

    Watched(long number, KeyRange range) {
      this.number = number;
      this.range = range;
    }
  }

  private GrpcWatchStream(Rpc rpc, Listener listener) {
    this.rpc = rpc;
    this.listener = listener;
    stream = new StreamCall<>(rpc, Method.WATCH, this);
  }

  static WatchStream open(Rpc rpc, Listener listener) {
    GrpcWatchStream opened = new GrpcWatchStream(rpc, listener);
    opened.stream.open();
    return opened;
  }

  @Override
  public void watch(long watch, KeyRange range, long startRevision) {
    WatchRequest request = Messages.watch(range, startRevision);
    rpc.thread()
        .execute(
            () -> {
              Watched watched = new Watched(watch, range);
              asked.add(watched);
              byNumber.put(watch, watched);
              stream.send(request);
            });
  }

  @Override
  public void cancel(long watch) {
    rpc.thread()
        .execute(
            () -> {
              Watched watched = byNumber.remove(watch);
              if (watched != null) {
                watched.cancelled = true;
                cancelAtServer(watched);
              }
            });
  }

  @Override
  public void close() {
    stream.close();
  }

  @Override
  public void received(WatchResponse response) {
    if (response.getCreated()) {
      Watched watched = asked.poll();
      if (watched != null) {
        created(watched, response);
      }
      return;
    }
    Watched watched = byId.get(response.getWatchId());
    if (watched == null) {
      return;
    }
    if (response.getCanceled()) {
      canceled(watched, reason(response));
    } else {
      events(watched, response);
    }
  }

  @Override
  public void ended(EtcdException cause) {
    listener.onEnd(cause);
  }

  private void created(Watched watched, WatchResponse response) {
    if (response.getCanceled() || response.getWatchId() == NO_ID) {
      refused(watched, response);
      return;
    }
    watched.id = response.getWatchId();
    if (watched.cancelled) {
      cancelAtServer(watched);
      return;
    }
    byId.put(watched.id, watched);
    listener.onCreated(Messages.header(response.getHeader()), watched.number);
  }

  private void events(Watched watched, WatchResponse response) {
    response.getEventsList().forEach(event -> watched.fragments.add(Messages.event(event)));
    if (!response.getFragment() && !watched.fragments.isEmpty()) {
      List<WatchEvent> events = List.copyOf(watched.fragments);
      watched.fragments.clear();
      listener.onEvents(Messages.header(response.getHeader()), watched.number, events);
    }
  }

  private void refused(Watched watched, WatchResponse response) {
    Canceled reason = reason(response);
    if (reason.failure.remedy() == Remedy.LOGIN) {
      stream.endForToken(reason.failure.exception());
    } else if (reason.failure.exception().kind() == Kind.DENIED && !watched.cancelled) {
      askWhyDenied(watched, reason);
    } else {
      canceled(watched, reason);
    }
  }

  /**
   * etcd 3.4 says "permission denied" for an expired token too, and a watch stream keeps the token
   * it was opened with. A count of the same range with the same token tells the two apart.
   */
  private void askWhyDenied(Watched watched, Canceled reason) {
    Token token = stream.token();
    if (token == null) {
      canceled(watched, reason);
      return;
    }
    try {
      new Count(rpc.connections().acquire(), watched, reason)
          .start(Messages.count(watched.range), token, rpc.requestTimeout().toNanos());
    } catch (EtcdException e) {
      canceled(watched, new Canceled(0, new Failure(e, Remedy.NONE)));
    }
  }

  private void canceled(Watched watched, Canceled reason) {
    byId.remove(watched.id);
    if (byNumber.remove(watched.number, watched) && !stream.over()) {
      listener.onCanceled(watched.number, reason.compactRevision, reason.failure.exception());
    }
  }

  private void cancelAtServer(Watched watched) {
    if (watched.id != NO_ID) {
      byId.remove(watched.id);
      stream.send(Messages.cancelWatch(watched.id));
    }
  }

  private Canceled reason(WatchResponse response) {
    return new Canceled(
        response.getCompactRevision(),
        EtcdErrors.ofCanceledWatch(
            response.getCancelReason(),
            response.getCompactRevision(),
            rpc.connections().endpoint()));
  }

  private record Canceled(long compactRevision, Failure failure) {}

  private final class Count extends Exchange<RangeRequest, RangeResponse> {

    private final Watched watched;
    private final Canceled reason;

    Count(Connection connection, Watched watched, Canceled reason) {
      super(rpc.connections(), connection, Method.RANGE, rpc.thread().now());
      this.watched = watched;
      this.reason = reason;
    }

    @Override
    void answered(RangeResponse answer) {
      EtcdException refusal = reason.failure.exception();
      String message = "watch: refused, though its range may be read now";
      EtcdException cause =
          new EtcdException(Kind.UNAVAILABLE, refusal.endpoint(), message, refusal);
      canceled(watched, new Canceled(0, new Failure(cause, Remedy.NONE)));
    }

    @Override
    void failed(Failure failure) {
      if (failure.remedy() == Remedy.LOGIN) {
        stream.endForToken(failure.exception());
      } else {
        canceled(watched, new Canceled(0, failure));
      }
    }
  }
}
