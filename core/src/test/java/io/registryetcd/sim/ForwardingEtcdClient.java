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
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A client that does what another does; subclasses do one thing wrong. */
class ForwardingEtcdClient implements EtcdClient {

  private final EtcdClient client;

  ForwardingEtcdClient(EtcdClient client) {
    this.client = client;
  }

  @Override
  public CompletableFuture<RangeResponse> range(RangeRequest request) {
    return client.range(request);
  }

  @Override
  public CompletableFuture<TxnResponse> txn(Txn txn) {
    return client.txn(txn);
  }

  @Override
  public CompletableFuture<LeaseGrant> leaseGrant(long leaseId, long ttlSeconds) {
    return client.leaseGrant(leaseId, ttlSeconds);
  }

  @Override
  public CompletableFuture<Header> leaseRevoke(long leaseId) {
    return client.leaseRevoke(leaseId);
  }

  @Override
  public LeaseStream openLeaseStream(LeaseStream.Listener listener) {
    return client.openLeaseStream(listener);
  }

  @Override
  public WatchStream openWatchStream(WatchStream.Listener listener) {
    return client.openWatchStream(listener);
  }

  @Override
  public void leaveEndpoint(String endpoint, String reason) {
    client.leaveEndpoint(endpoint, reason);
  }

  @Override
  public String endpoint() {
    return client.endpoint();
  }

  @Override
  public void close() {
    client.close();
  }

  /** A listener that passes everything on. */
  static class ForwardingWatchListener implements WatchStream.Listener {

    private final WatchStream.Listener listener;

    ForwardingWatchListener(WatchStream.Listener listener) {
      this.listener = listener;
    }

    @Override
    public void onCreated(Header header, long watch) {
      listener.onCreated(header, watch);
    }

    @Override
    public void onEvents(Header header, long watch, List<WatchEvent> events) {
      listener.onEvents(header, watch, events);
    }

    @Override
    public void onCanceled(long watch, long compactRevision, EtcdException cause) {
      listener.onCanceled(watch, compactRevision, cause);
    }

    @Override
    public void onEnd(EtcdException cause) {
      listener.onEnd(cause);
    }
  }

  /** A stream that passes everything on. */
  static class ForwardingWatchStream implements WatchStream {

    private final WatchStream stream;

    ForwardingWatchStream(WatchStream stream) {
      this.stream = stream;
    }

    @Override
    public void watch(long watch, KeyRange range, long startRevision) {
      stream.watch(watch, range, startRevision);
    }

    @Override
    public void cancel(long watch) {
      stream.cancel(watch);
    }

    @Override
    public void close() {
      stream.close();
    }
  }
}
