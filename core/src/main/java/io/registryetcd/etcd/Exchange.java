package io.registryetcd.etcd;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One try of one unary call on one connection; ends with exactly one of its two outcomes. */
abstract class Exchange<Q, R> extends ClientCall.Listener<R> {

  private final Connections connections;
  private final Connection connection;
  private final Method<Q, R> method;
  private final long started;
  private @Nullable R response;

  Exchange(Connections connections, Connection connection, Method<Q, R> method, long now) {
    this.connections = connections;
    this.connection = connection;
    this.method = method;
    started = now;
  }

  /** Called with the response; what it throws is the failure. */
  abstract void answered(R answer);

  /** Called with what went wrong; the connection was dealt with already. */
  abstract void failed(Failure failure);

  /** Says what a status means, and leaves the connection if it is the cause. */
  Failure failure(Status status) {
    return connections.failure(connection, status, method.name(), started);
  }

  /** Sends the request; returns the call, for a cancel. */
  final ClientCall<Q, R> start(Q request, Token token, long timeoutNanos) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(timeoutNanos, TimeUnit.NANOSECONDS);
    ClientCall<Q, R> call = connection.start(method.descriptor(), options, token.headers(), this);
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
    return call;
  }

  @Override
  public final void onHeaders(Metadata headers) {
    connections.heard(connection);
  }

  @Override
  public final void onMessage(R message) {
    response = message;
  }

  @Override
  public final void onClose(Status status, Metadata trailers) {
    if (!trailers.keys().isEmpty()) {
      connections.heard(connection);
    }
    R answer = response;
    if (!status.isOk() || answer == null) {
      failed(failure(status));
      return;
    }
    Failure refusal = take(answer);
    if (refusal != null) {
      failed(refusal);
    }
  }

  /** Nobody may wait for ever, even if the messages meet another protobuf on the class path. */
  private @Nullable Failure take(R answer) {
    try {
      Failure refusal = connections.check(connection, method.name(), method.header().apply(answer));
      if (refusal == null) {
        answered(answer);
      }
      return refusal;
    } catch (RuntimeException | Error e) {
      String message = method.name() + ": the answer cannot be read: " + e;
      return new Failure(
          new EtcdException(Kind.UNAVAILABLE, connection.endpoint().text(), message, e),
          Remedy.NONE);
    }
  }
}
