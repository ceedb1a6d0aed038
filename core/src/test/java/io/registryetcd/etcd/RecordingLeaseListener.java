package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what a lease stream told, in order. */
class RecordingLeaseListener implements LeaseStream.Listener {

  private static final long LIMIT_SECONDS = 20;

  /** A reply to a keepalive. */
  record Reply(Header header, long leaseId, long ttlSeconds) {}

  final CompletableFuture<Void> loggedIn = new CompletableFuture<>();
  private final BlockingQueue<Object> told = new LinkedBlockingQueue<>();

  Reply nextReply() {
    return (Reply) next(Reply.class);
  }

  EtcdException nextEnd() {
    return (EtcdException) next(EtcdException.class);
  }

  boolean nothing() {
    return told.isEmpty();
  }

  @Override
  public void onLoggedIn() {
    loggedIn.complete(null);
  }

  @Override
  public void onReply(Header header, long leaseId, long ttlSeconds) {
    told.add(new Reply(header, leaseId, ttlSeconds));
  }

  @Override
  public void onEnd(EtcdException cause) {
    told.add(cause);
  }

  private Object next(Class<?> type) {
    try {
      Object next = told.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      assertThat(next).isInstanceOf(type);
      return next;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
