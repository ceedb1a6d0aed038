package io.registryetcd.etcd;

import io.registryetcd.etcd.rpc.LeaseKeepAliveRequest;
import io.registryetcd.etcd.rpc.LeaseKeepAliveResponse;

/** The keepalive stream on gRPC. */
final class GrpcLeaseStream implements LeaseStream, StreamCall.Receiver<LeaseKeepAliveResponse> {

  private final Rpc rpc;
  private final Listener listener;
  private final StreamCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> stream;

  private GrpcLeaseStream(Rpc rpc, Listener listener) {
    this.rpc = rpc;
    this.listener = listener;
    stream = new StreamCall<>(rpc, Method.LEASE_KEEP_ALIVE, this);
  }

  static LeaseStream open(Rpc rpc, Listener listener) {
    GrpcLeaseStream opened = new GrpcLeaseStream(rpc, listener);
    opened.stream.open();
    return opened;
  }

  @Override
  public void keepAlive(long leaseId) {
    LeaseKeepAliveRequest request = LeaseKeepAliveRequest.newBuilder().setID(leaseId).build();
    rpc.thread().execute(() -> stream.send(request));
  }

  @Override
  public void close() {
    stream.close();
  }

  @Override
  public void loggedIn() {
    listener.onLoggedIn();
  }

  @Override
  public void received(LeaseKeepAliveResponse message) {
    listener.onReply(Messages.header(message.getHeader()), message.getID(), message.getTTL());
  }

  @Override
  public void ended(EtcdException cause) {
    listener.onEnd(cause);
  }
}
