package io.registryetcd.etcd;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * One connection to one endpoint. A lost connection is not made again on the same channel: its
 * channel is given up and the next call gets a new one, so gRPC's own reconnect backoff never
 * delays ours, a host name is looked up again, and new TLS files are used. Changes on the client's
 * thread only.
 */
final class Connection {

  private final Endpoint endpoint;
  private final ManagedChannel channel;
  private long lastHeard;
  private boolean heard;
  private boolean lost;
  private @Nullable String leftBecause;

  Connection(Endpoint endpoint, ManagedChannel channel) {
    this.endpoint = endpoint;
    this.channel = channel;
    watch(ConnectivityState.IDLE);
  }

  Endpoint endpoint() {
    return endpoint;
  }

  /** Starts a call; never as a child of whatever gRPC call the caller happens to serve. */
  <Q, R> ClientCall<Q, R> start(
      MethodDescriptor<Q, R> method,
      CallOptions options,
      Metadata headers,
      ClientCall.Listener<R> listener) {
    Context previous = Context.ROOT.attach();
    try {
      ClientCall<Q, R> call = channel.newCall(method, options);
      call.start(listener, headers);
      return call;
    } finally {
      Context.ROOT.detach(previous);
    }
  }

  /** Notes that the endpoint answered something. */
  void heard(long now) {
    heard = true;
    lastHeard = now;
  }

  /** Whether the endpoint has ever answered anything. */
  boolean heard() {
    return heard;
  }

  /** Whether the endpoint has answered anything at all since {@code time}. */
  boolean heardSince(long time) {
    return heard && lastHeard - time >= 0;
  }

  /** Whether the connection stands now; etcd itself has spoken then, not only its kernel. */
  boolean established() {
    return channel.getState(false) == ConnectivityState.READY;
  }

  /** Whether the connection once stood and does no more. */
  boolean lost() {
    return lost;
  }

  /** Why this connection was given up, if it was. */
  @Nullable String leftBecause() {
    return leftBecause;
  }

  /** Gives the connection up: its calls fail. */
  void leave(String reason) {
    leftBecause = reason;
    channel.shutdownNow();
  }

  /** Lets the calls that are still under way end by themselves. */
  void retire() {
    channel.shutdown();
  }

  boolean terminated() {
    return channel.isTerminated();
  }

  private void watch(ConnectivityState state) {
    channel.notifyWhenStateChanged(
        state,
        () -> {
          ConnectivityState now = channel.getState(false);
          lost |= state == ConnectivityState.READY && now != state;
          if (now != ConnectivityState.SHUTDOWN) {
            watch(now);
          }
        });
  }
}
