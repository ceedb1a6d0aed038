package io.registryetcd.etcd;

import io.grpc.ClientCall;
import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One unary call with its deadline: waits for a token, tries, and tries once more with a new token
 * if etcd refused the first one.
 */
final class UnaryCall<Q, R, T> {

  private final Rpc rpc;
  private final Method<Q, R> method;
  private final Q request;
  private final long deadline;
  private final Function<R, T> read;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private @Nullable ClientCall<Q, R> call;
  private boolean repeated;

  private UnaryCall(Rpc rpc, Method<Q, R> method, Q request, Function<R, T> read) {
    this.rpc = rpc;
    this.method = method;
    this.request = request;
    this.read = read;
    deadline = rpc.thread().now() + rpc.requestTimeout().toNanos();
  }

  /** Starts a call. Its future completes on the client's thread; cancelling it cancels the call. */
  static <Q, R, T> CompletableFuture<T> start(
      Rpc rpc, Method<Q, R> method, Q request, Function<R, T> read) {
    UnaryCall<Q, R, T> call = new UnaryCall<>(rpc, method, request, read);
    rpc.thread().execute(call::attempt);
    return call.result;
  }

  private void attempt() {
    rpc.login().token(remaining(), this::connect, result::completeExceptionally);
  }

  private void connect(Token token) {
    rpc.connections().connect(token, ready -> send(ready, token), result::completeExceptionally);
  }

  private void send(Connection connection, Token token) {
    long remaining = remaining();
    if (remaining <= 0) {
      String message = method.name() + ": the deadline passed before it could be sent";
      result.completeExceptionally(
          new EtcdException(Kind.UNAVAILABLE, connection.endpoint().text(), message));
    } else if (!result.isDone()) {
      call = new Attempt(connection, token).start(request, token, remaining);
      result.whenComplete((response, error) -> cancelIfGivenUp());
    }
  }

  private void cancelIfGivenUp() {
    ClientCall<Q, R> started = call;
    if (result.isCancelled() && started != null) {
      started.cancel("given up by the caller", null);
    }
  }

  private long remaining() {
    return deadline - rpc.thread().now();
  }

  private final class Attempt extends Exchange<Q, R> {

    private final Token token;

    Attempt(Connection connection, Token token) {
      super(rpc.connections(), connection, method, rpc.thread().now());
      this.token = token;
    }

    @Override
    void answered(R answer) {
      rpc.login().accepted(token);
      result.complete(read.apply(answer));
    }

    @Override
    void failed(Failure failure) {
      if (failure.remedy() == Remedy.LOGIN) {
        rpc.login().refused(token);
        if (rpc.login().required() && !repeated) {
          repeated = true;
          attempt();
          return;
        }
      }
      result.completeExceptionally(failure.exception());
    }
  }
}
