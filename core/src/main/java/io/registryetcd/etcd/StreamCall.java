package io.registryetcd.etcd;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One bidirectional stream: opened once there is a token, its requests queued until then, its end
 * told exactly once. Used on the client's thread, but for {@link #open()} and {@link #close()}.
 */
final class StreamCall<Q, R> {

  /** Who is told what the stream brings. */
  interface Receiver<R> {
    /** There is a token, or none is needed; told first. */
    default void loggedIn() {}

    void received(R message);

    void ended(EtcdException cause);
  }

  private static final Logger log = LoggerFactory.getLogger(StreamCall.class);

  private final Rpc rpc;
  private final Method<Q, R> method;
  private final Receiver<R> receiver;
  private final Queue<Q> queued = new ArrayDeque<>();
  private @Nullable ClientCall<Q, R> call;
  private @Nullable Token token;
  private boolean ended;
  private volatile boolean closed;

  StreamCall(Rpc rpc, Method<Q, R> method, Receiver<R> receiver) {
    this.rpc = rpc;
    this.method = method;
    this.receiver = receiver;
  }

  /** Starts the stream; from any thread, once. */
  void open() {
    rpc.thread()
        .execute(() -> rpc.login().token(Login.DEADLINE.toNanos(), this::connect, this::end));
  }

  /** Sends a request, or keeps it until the stream is open. */
  void send(Q request) {
    ClientCall<Q, R> started = call;
    if (ended) {
      return;
    }
    if (started == null) {
      queued.add(request);
    } else {
      started.sendMessage(request);
    }
  }

  /** Ends the stream in silence; from any thread. */
  void close() {
    closed = true;
    rpc.thread().execute(this::cancel);
  }

  /** Whether nothing may be told any more. */
  boolean over() {
    return ended || closed;
  }

  /** Ends the stream with a reason of our own. */
  void end(EtcdException cause) {
    if (ended) {
      return;
    }
    cancel();
    if (!closed) {
      tell(() -> receiver.ended(cause));
    }
  }

  /**
   * Ends the stream because its token is no longer good; the next one is opened with a new token.
   */
  void endForToken(EtcdException refusal) {
    Token used = token;
    if (used != null && rpc.login().refused(used)) {
      String message = method.name() + ": its token has expired, the next stream logs in again";
      end(new EtcdException(Kind.UNAVAILABLE, refusal.endpoint(), message, refusal));
    } else {
      end(refusal);
    }
  }

  /** The token that the stream was opened with. */
  @Nullable Token token() {
    return token;
  }

  private void connect(Token current) {
    if (over()) {
      return;
    }
    tell(receiver::loggedIn);
    rpc.connections().connect(current, ready -> start(ready, current), this::end);
  }

  private void start(Connection connection, Token current) {
    if (over()) {
      return;
    }
    token = current;
    ClientCall<Q, R> started =
        connection.start(
            method.descriptor(),
            CallOptions.DEFAULT,
            current.streamHeaders(),
            new Listener(connection, current));
    call = started;
    started.request(1);
    queued.forEach(started::sendMessage);
    queued.clear();
  }

  /** A listener that throws must not end the stream for the others. */
  private void tell(Runnable news) {
    try {
      news.run();
    } catch (RuntimeException e) {
      log.warn("A listener of the {} stream failed", method.name(), e);
    }
  }

  private void cancel() {
    ended = true;
    ClientCall<Q, R> started = call;
    if (started != null) {
      started.cancel("the stream is not needed any more", null);
    }
  }

  private final class Listener extends ClientCall.Listener<R> {

    private final Connection connection;
    private final Token used;
    private final long started = rpc.thread().now();

    Listener(Connection connection, Token used) {
      this.connection = connection;
      this.used = used;
    }

    @Override
    public void onHeaders(Metadata headers) {
      rpc.connections().heard(connection);
    }

    @Override
    public void onMessage(R message) {
      ClientCall<Q, R> self = call;
      if (over() || self == null) {
        return;
      }
      rpc.connections().heard(connection);
      Failure refusal =
          rpc.connections().check(connection, method.name(), method.header().apply(message));
      if (refusal != null) {
        end(refusal.exception());
        return;
      }
      rpc.login().accepted(used);
      tell(() -> receiver.received(message));
      self.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (ended) {
        return;
      }
      if (status.isOk()) {
        String message = method.name() + ": the stream ended";
        end(new EtcdException(Kind.UNAVAILABLE, connection.endpoint().text(), message));
        return;
      }
      Failure failure = rpc.connections().failure(connection, status, method.name(), started);
      if (failure.remedy() == Remedy.LOGIN) {
        endForToken(failure.exception());
      } else {
        end(failure.exception());
      }
    }
  }
}
