package io.registryetcd.sim;

import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.LeaseStream;
import io.registryetcd.etcd.RangeResponse;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.TxnResponse;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.etcd.WatchStream;
import io.registryetcd.sim.ForwardingEtcdClient.ForwardingWatchListener;
import io.registryetcd.sim.ForwardingEtcdClient.ForwardingWatchStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * Clients that do one thing wrong, each as an engine with that bug would use a client that does it
 * right.
 */
final class BuggyClients {

  private BuggyClients() {}

  /** Watches from another revision than was asked for. */
  static UnaryOperator<EtcdClient> watchingFrom(LongUnaryOperator start) {
    return client ->
        new ForwardingEtcdClient(client) {
          @Override
          public WatchStream openWatchStream(WatchStream.Listener listener) {
            return new ForwardingWatchStream(super.openWatchStream(listener)) {
              @Override
              public void watch(long watch, KeyRange range, long startRevision) {
                super.watch(watch, range, start.applyAsLong(startRevision));
              }
            };
          }
        };
  }

  private static UnaryOperator<EtcdClient> listening(UnaryOperator<WatchStream.Listener> wrapper) {
    return client ->
        new ForwardingEtcdClient(client) {
          @Override
          public WatchStream openWatchStream(WatchStream.Listener listener) {
            return super.openWatchStream(wrapper.apply(listener));
          }
        };
  }

  /**
   * Takes the revision of "created" for that up to which all was told, and so drops events before
   * it.
   */
  static EtcdClient bumpingAtCreated(EtcdClient client) {
    return listening(
            listener ->
                new ForwardingWatchListener(listener) {
                  private final Map<Long, Long> bumped = new HashMap<>();

                  @Override
                  public void onCreated(Header header, long watch) {
                    bumped.put(watch, header.revision());
                    super.onCreated(header, watch);
                  }

                  @Override
                  public void onEvents(Header header, long watch, List<WatchEvent> events) {
                    long from = bumped.getOrDefault(watch, 0L);
                    List<WatchEvent> later =
                        events.stream().filter(event -> event.modRevision() > from).toList();
                    if (!later.isEmpty()) {
                      super.onEvents(header, watch, later);
                    }
                  }
                })
        .apply(client);
  }

  /** Hands on the header of a cancel, whose revision is 0, as that of any response. */
  static EtcdClient tellingCancelHeaders(EtcdClient client) {
    return listening(
            listener ->
                new ForwardingWatchListener(listener) {
                  private Header last = new Header(SimEtcd.CLUSTER_ID, 100, 0, 0);

                  @Override
                  public void onCreated(Header header, long watch) {
                    last = header;
                    super.onCreated(header, watch);
                  }

                  @Override
                  public void onCanceled(long watch, long compactRevision, EtcdException cause) {
                    super.onCreated(
                        new Header(last.clusterId(), last.memberId(), 0, last.raftTerm()), watch);
                    super.onCanceled(watch, compactRevision, cause);
                  }
                })
        .apply(client);
  }

  /** Does not tell that a watch was canceled because its start is compacted. */
  static EtcdClient silentAboutCompaction(EtcdClient client) {
    return listening(
            listener ->
                new ForwardingWatchListener(listener) {
                  @Override
                  public void onCanceled(long watch, long compactRevision, EtcdException cause) {
                    if (compactRevision == 0) {
                      super.onCanceled(watch, compactRevision, cause);
                    }
                  }
                })
        .apply(client);
  }

  /** Does not tell that a stream of watches ended. */
  static EtcdClient silentAboutEnds(EtcdClient client) {
    return listening(
            listener ->
                new ForwardingWatchListener(listener) {
                  @Override
                  public void onEnd(EtcdException cause) {}
                })
        .apply(client);
  }

  /** Tells the events of one revision in several calls. */
  static EtcdClient splittingRevisions(EtcdClient client) {
    return listening(
            listener ->
                new ForwardingWatchListener(listener) {
                  @Override
                  public void onEvents(Header header, long watch, List<WatchEvent> events) {
                    events.forEach(event -> super.onEvents(header, watch, List.of(event)));
                  }
                })
        .apply(client);
  }

  /** Tells all events twice. */
  static EtcdClient repeatingEvents(EtcdClient client) {
    return listening(
            listener ->
                new ForwardingWatchListener(listener) {
                  @Override
                  public void onEvents(Header header, long watch, List<WatchEvent> events) {
                    super.onEvents(header, watch, events);
                    super.onEvents(header, watch, events);
                  }
                })
        .apply(client);
  }

  /** Changes each transaction before it is sent. */
  static UnaryOperator<EtcdClient> sending(UnaryOperator<Txn> change) {
    return client ->
        new ForwardingEtcdClient(client) {
          @Override
          public CompletableFuture<TxnResponse> txn(Txn txn) {
            return super.txn(change.apply(txn));
          }
        };
  }

  /** Deletes without a compare. */
  static Txn deletingUnguarded(Txn txn) {
    boolean deletes = txn.success().stream().anyMatch(op -> op instanceof Txn.Delete);
    return deletes ? new Txn(List.of(), txn.success(), txn.failure()) : txn;
  }

  /** Puts without a compare. */
  static Txn puttingUnguarded(Txn txn) {
    boolean puts = txn.success().stream().anyMatch(op -> op instanceof Txn.Put);
    return puts ? new Txn(List.of(), txn.success(), txn.failure()) : txn;
  }

  /** Puts without a lease. */
  static Txn puttingForEver(Txn txn) {
    List<Txn.Op> ops = new ArrayList<>();
    for (Txn.Op op : txn.success()) {
      ops.add(op instanceof Txn.Put put ? new Txn.Put(put.key(), put.value(), 0) : op);
    }
    return new Txn(txn.compares(), ops, txn.failure());
  }

  /** Takes a transaction whose outcome is not known for one that was executed. */
  static EtcdClient trustingInSuccess(EtcdClient client) {
    return new ForwardingEtcdClient(client) {
      private Header last = new Header(SimEtcd.CLUSTER_ID, 100, 1, 2);

      @Override
      public CompletableFuture<TxnResponse> txn(Txn txn) {
        return super.txn(txn)
            .handle(
                (response, failure) -> {
                  if (failure != null) {
                    return new TxnResponse(last, true, List.of());
                  }
                  last = response.header();
                  return response;
                });
      }
    };
  }

  /** Tells of every lease that it lives. */
  static EtcdClient believingInLeases(EtcdClient client) {
    return new ForwardingEtcdClient(client) {
      @Override
      public LeaseStream openLeaseStream(LeaseStream.Listener listener) {
        return super.openLeaseStream(
            new LeaseStream.Listener() {
              @Override
              public void onLoggedIn() {
                listener.onLoggedIn();
              }

              @Override
              public void onReply(Header header, long leaseId, long ttlSeconds) {
                listener.onReply(header, leaseId, Math.max(2, ttlSeconds));
              }

              @Override
              public void onEnd(EtcdException cause) {
                listener.onEnd(cause);
              }
            });
      }
    };
  }

  /** Never shows that a revision fell. */
  static EtcdClient hidingFalls(EtcdClient client) {
    return new ForwardingEtcdClient(client) {
      private long highest;
      private long term;

      @Override
      public CompletableFuture<RangeResponse> range(RangeRequest request) {
        return super.range(request)
            .thenApply(r -> new RangeResponse(rising(r.header()), r.kvs(), r.more()));
      }

      private Header rising(Header header) {
        highest = Math.max(highest, header.revision());
        term = Math.max(term, header.raftTerm());
        return new Header(header.clusterId(), header.memberId(), highest, term);
      }
    };
  }

  /** Does not send what it says to have revoked. */
  static EtcdClient notRevoking(EtcdClient client) {
    return new ForwardingEtcdClient(client) {
      @Override
      public CompletableFuture<Header> leaseRevoke(long leaseId) {
        return CompletableFuture.completedFuture(new Header(SimEtcd.CLUSTER_ID, 100, 1 << 30, 99));
      }
    };
  }
}
