package io.registryetcd.kitex;

import static java.util.Objects.requireNonNullElse;

import com.google.common.io.ByteStreams;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.Message.Protocol;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC call with one request and one reply, over Kitex-Protobuf.
 *
 * <p>The listener belongs to the call's executor, which runs one thing at a time, in the context of
 * the call: there the call is closed, once. A reply is handed over when it was asked for. Where the
 * executor refuses, the call is closed on the thread at hand, without the reply.
 */
final class UnaryCall<Q, P> extends ClientCall<Q, P> {

  private final KitexClient client;
  private final MethodDescriptor<Q, P> method;
  private final Optional<Deadline> deadline;
  private final Executor executor;
  private final CallMetadata metadata = CallMetadata.current();
  private final Context context = Context.current();
  private final Context.CancellationListener onContextCancelled =
      cancelled -> cancel(Contexts.statusFromCancelled(cancelled));
  private final CompletableFuture<@Nullable Void> asked = new CompletableFuture<>();

  private Listener<P> listener = new Listener<>() {};
  private byte[] request = {};
  private volatile @Nullable OutgoingCall call;
  private volatile boolean cancelled;
  private volatile @Nullable RejectedExecutionException refused;
  private boolean closed;

  UnaryCall(KitexClient client, MethodDescriptor<Q, P> method, CallOptions options) {
    this.client = client;
    this.method = method;
    this.deadline = earlier(options.getDeadline(), context.getDeadline());
    Executor users = requireNonNullElse(options.getExecutor(), client.executor());
    this.executor =
        MoreExecutors.newSequentialExecutor(
            context.fixedContextExecutor(task -> runOrEnd(users, task)));
  }

  private void runOrEnd(Executor users, Runnable task) {
    try {
      users.execute(task);
    } catch (RejectedExecutionException e) {
      refused = e;
      task.run();
    }
  }

  private static Optional<Deadline> earlier(@Nullable Deadline one, @Nullable Deadline other) {
    return one != null && other != null
        ? Optional.of(one.minimum(other))
        : Optional.ofNullable(one != null ? one : other);
  }

  @Override
  public void start(Listener<P> listener, Metadata headers) {
    this.listener = listener;
    if (isUnary()) {
      context.addListener(onContextCancelled, MoreExecutors.directExecutor());
    } else {
      closeSoon(
          Status.UNIMPLEMENTED.withDescription(
              method.getFullMethodName()
                  + ": "
                  + method.getType()
                  + " (expected: UNARY, which is all that Kitex-Protobuf knows; streams go over"
                  + " gRPC)"));
    }
  }

  private boolean isUnary() {
    return method.getType() == MethodType.UNARY;
  }

  @Override
  public void request(int messages) {
    asked.complete(null);
  }

  @Override
  public void sendMessage(Q message) {
    try (InputStream bytes = method.streamRequest(message)) {
      request = ByteStreams.toByteArray(bytes);
    } catch (IOException e) {
      throw Status.INTERNAL
          .withDescription("cannot write the request")
          .withCause(e)
          .asRuntimeException();
    }
  }

  @Override
  public void halfClose() {
    long left = deadline.map(d -> d.timeRemaining(TimeUnit.NANOSECONDS)).orElse(Long.MAX_VALUE);
    if (left <= 0) {
      closeSoon(
          Status.DEADLINE_EXCEEDED.withDescription(
              method.getFullMethodName() + ": not sent, the deadline was over before"));
    } else if (isUnary() && !cancelled) {
      send(deadline.isPresent() ? Duration.ofNanos(left) : client.callTimeout());
    }
  }

  private void send(Duration timeout) {
    OutgoingCall started;
    try {
      started = client.start(request(timeout));
    } catch (IllegalArgumentException e) {
      closeSoon(Status.INTERNAL.withDescription(e.getMessage()).withCause(e));
      return;
    }
    call = started;
    if (cancelled) {
      started.cancel("cancelled", null);
    }
    started
        .result()
        .whenComplete(
            (reply, failure) -> {
              if (failure == null) {
                asked.thenRunAsync(() -> finish(reply.orElseThrow()), executor);
              } else {
                closeSoon(status(failure));
              }
            });
  }

  private Request request(Duration timeout) {
    String service = requireNonNullElse(method.getServiceName(), "");
    return new Request(
        Protocol.PROTOBUF,
        Message.Type.CALL,
        service.substring(service.lastIndexOf('.') + 1),
        requireNonNullElse(method.getBareMethodName(), ""),
        client.nextSequence(),
        request,
        timeout,
        metadata);
  }

  @Override
  public void cancel(@Nullable String message, @Nullable Throwable cause) {
    cancel(Status.CANCELLED.withDescription(message).withCause(cause));
  }

  private void cancel(Status status) {
    cancelled = true;
    OutgoingCall sent = call;
    if (sent != null) {
      sent.cancel("cancelled", status.getCause());
    }
    closeSoon(status);
  }

  private void closeSoon(Status status) {
    executor.execute(() -> close(status));
  }

  // On the executor.

  private void finish(Reply reply) {
    if (closed) {
      return;
    }
    RejectedExecutionException noThread = refused;
    if (noThread != null) {
      close(
          Status.INTERNAL
              .withDescription(method.getFullMethodName() + ": the executor refused the reply")
              .withCause(noThread));
      return;
    }
    try {
      reply.tell(metadata);
      close(deliver(reply));
    } catch (BizStatusException e) {
      close(Status.INTERNAL.withDescription(e.getMessage()).withCause(e));
    } catch (Throwable e) { // a blocking stub must not wait for ever
      close(Status.fromThrowable(e));
    }
  }

  /** Hands over the answer, and tells how the call ends. */
  private Status deliver(Reply reply) {
    Message message = reply.message();
    if (message.type() == Message.Type.EXCEPTION) {
      return status(reply, ApplicationError.of(message));
    }
    P response = method.parseResponse(new ByteArrayInputStream(message.payload()));
    listener.onHeaders(new Metadata());
    listener.onMessage(response);
    return Status.OK;
  }

  private void close(Status status) {
    if (!closed) {
      closed = true;
      context.removeListener(onContextCancelled);
      listener.onClose(status, new Metadata());
    }
  }

  private Status status(Reply reply, ApplicationError error) {
    Status status =
        switch (error.code()) {
          case ApplicationError.UNKNOWN_METHOD, ApplicationError.NO_SUCH_SERVICE ->
              Status.UNIMPLEMENTED;
          case ApplicationError.PROTOCOL_ERROR -> Status.INTERNAL;
          default -> Status.UNKNOWN;
        };
    return status.withDescription(
        error.message()
            + " (code "
            + error.code()
            + " from "
            + client.service()
            + " at "
            + reply.instance().address()
            + ")");
  }

  private static Status status(Throwable failure) {
    return failure instanceof CallException exception
        ? status(exception.reason())
            .withDescription(exception.getMessage())
            .withCause(exception.getCause())
        : Status.fromThrowable(failure);
  }

  private static Status status(CallException.Reason reason) {
    return switch (reason) {
      case UNAVAILABLE, CONNECTION_LOST -> Status.UNAVAILABLE;
      case TIMED_OUT -> Status.DEADLINE_EXCEEDED;
      case MALFORMED_REPLY -> Status.INTERNAL;
      case CANCELLED -> Status.CANCELLED;
    };
  }
}
