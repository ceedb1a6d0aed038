package io.registryetcd;

import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.LeaseStream;
import io.registryetcd.etcd.RangeResponse;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.TxnResponse;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.etcd.WatchStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An etcd of a few keys and leases that answers every call at once, unless it is told to keep
 * silent or to fail. Keepalives are only written down.
 */
final class FakeEtcdClient implements EtcdClient {

  private final List<String> calls = new ArrayList<>();
  private final List<KeyValue> kvs = new ArrayList<>();
  private final Map<Long, KeyRange> watches = new HashMap<>();
  private final Queue<Runnable> unanswered = new ArrayDeque<>();
  private Optional<EtcdException> failure = Optional.empty();
  private boolean silent;
  private boolean loginIsSlow;
  private long revision = 10;
  private LeaseStream.@Nullable Listener leases;
  private WatchStream.@Nullable Listener events;

  // For tests.

  /** What was called since the last time. */
  List<String> taken() {
    List<String> taken = List.copyOf(calls);
    calls.clear();
    return taken;
  }

  /** Calls are answered only by {@link #answer}. */
  void keepSilent() {
    silent = true;
  }

  /** Answers everything that was asked, and all that follows. */
  void answer() {
    silent = false;
    for (Runnable next = unanswered.poll(); next != null; next = unanswered.poll()) {
      next.run();
    }
  }

  void failWith(EtcdException cause) {
    failure = Optional.of(cause);
  }

  void succeed() {
    failure = Optional.empty();
  }

  void put(Instance instance) {
    revision++;
    drop(instance);
    KeyValue kv = FakeKeys.of(instance, revision);
    kvs.add(kv);
    deliver(WatchEvent.put(kv));
  }

  void delete(Instance instance) {
    revision++;
    drop(instance);
    deliver(FakeKeys.gone(instance.address(), revision));
  }

  /** Puts a key that no watch has told of. */
  void putUnseen(KeyValue kv) {
    revision++;
    kvs.add(kv);
  }

  private void drop(Instance instance) {
    kvs.removeIf(kv -> kv.key().equals(FakeKeys.key(instance.address())));
  }

  private void deliver(WatchEvent event) {
    WatchStream.Listener listener = events;
    if (listener != null) {
      watches.forEach(
          (watch, range) -> {
            if (range.contains(event.key())) {
              listener.onEvents(header(), watch, List.of(event));
            }
          });
    }
  }

  /** A keepalive is answered; 0 means that the lease is lost. */
  void renew(long lease, long ttlSeconds) {
    if (leases != null) {
      leases.onReply(header(), lease, ttlSeconds);
    }
  }

  /** Streams wait for the login until {@link #logIn}. */
  void keepStreamsWaitingForTheLogin() {
    loginIsSlow = true;
  }

  void logIn() {
    loginIsSlow = false;
    if (leases != null) {
      leases.onLoggedIn();
    }
  }

  void endLeaseStream() {
    LeaseStream.Listener listener = leases;
    leases = null;
    if (listener != null) {
      listener.onEnd(Failures.away());
    }
  }

  void endWatchStream() {
    WatchStream.Listener listener = events;
    events = null;
    watches.clear();
    if (listener != null) {
      listener.onEnd(Failures.away());
    }
  }

  private Header header() {
    return new Header(1, 1, revision, 2);
  }

  private <T> CompletableFuture<T> call(String what, Supplier<T> result) {
    calls.add(what);
    CompletableFuture<T> future = new CompletableFuture<>();
    Runnable answer =
        () ->
            failure.ifPresentOrElse(
                future::completeExceptionally, () -> future.complete(result.get()));
    if (silent) {
      unanswered.add(answer);
    } else {
      answer.run();
    }
    return future;
  }

  // The client.

  @Override
  public CompletableFuture<RangeResponse> range(RangeRequest request) {
    KeyRange range = new KeyRange(request.key(), request.end());
    return call(
        (request.end().isEmpty() ? "read " : "list ") + request.key().toStringUtf8(),
        () ->
            new RangeResponse(
                header(), kvs.stream().filter(kv -> range.contains(kv.key())).toList(), false));
  }

  @Override
  public CompletableFuture<TxnResponse> txn(Txn txn) {
    return call("txn", () -> new TxnResponse(header(), true, List.of()));
  }

  @Override
  public CompletableFuture<LeaseGrant> leaseGrant(long leaseId, long ttlSeconds) {
    return call("grant " + leaseId, () -> new LeaseGrant(header(), leaseId, ttlSeconds));
  }

  @Override
  public CompletableFuture<Header> leaseRevoke(long leaseId) {
    return call("revoke " + leaseId, this::header);
  }

  @Override
  public LeaseStream openLeaseStream(LeaseStream.Listener listener) {
    calls.add("open lease stream");
    leases = listener;
    if (!loginIsSlow) {
      listener.onLoggedIn();
    }
    return new LeaseStream() {
      @Override
      public void keepAlive(long leaseId) {
        calls.add("keep alive " + leaseId);
      }

      @Override
      public void close() {
        calls.add("close lease stream");
        leases = null;
      }
    };
  }

  @Override
  public WatchStream openWatchStream(WatchStream.Listener listener) {
    calls.add("open watch stream");
    events = listener;
    return new WatchStream() {
      @Override
      public void watch(long watch, KeyRange range, long startRevision) {
        calls.add("watch from " + startRevision);
        watches.put(watch, range);
        listener.onCreated(header(), watch);
      }

      @Override
      public void cancel(long watch) {
        calls.add("cancel watch");
        watches.remove(watch);
      }

      @Override
      public void close() {
        calls.add("close watch stream");
        watches.clear();
        events = null;
      }
    };
  }

  @Override
  public void leaveEndpoint(String endpoint, String reason) {
    calls.add("leave " + endpoint);
  }

  @Override
  public String endpoint() {
    return "etcd:2379";
  }

  @Override
  public void close() {
    calls.add("close");
  }
}
