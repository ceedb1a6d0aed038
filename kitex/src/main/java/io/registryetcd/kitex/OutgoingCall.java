package io.registryetcd.kitex;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.registryetcd.Instance;
import io.registryetcd.kitex.CallException.Reason;
import io.registryetcd.kitex.wire.MalformedMessageException;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.net.ConnectException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One call under way: waits for instances, picks one, connects, sends, waits for the reply. The
 * steps follow one another, on whatever thread ended the one before; none blocks.
 *
 * <p>An instance that cannot be connected to is followed by another one. From the moment when a
 * connection begins to write the request the call may have run, and nothing is tried again.
 *
 * <p>The end of the time and the caller's cancellation end the step under way, whose failure ends
 * the call. So a connection has one owner at any time, who gives it back or has it closed.
 */
final class OutgoingCall {

  /** As many as Kitex makes. */
  private static final int MAX_ATTEMPTS = 6;

  private static final String FIRST_LIST = "the list of instances";

  private final Request request;
  private final ByteBuf bytes;
  private final Instances instances;
  private final ConnectionPool pool;
  private final String name;
  private final CompletableFuture<Optional<Reply>> result = new CompletableFuture<>();
  private final AtomicReference<@Nullable CallException> ended = new AtomicReference<>();
  private volatile CompletableFuture<?> step = result;
  private volatile String waitingFor = FIRST_LIST;

  // each step sees what the one before it wrote
  private final Map<String, Throwable> unreachable = new LinkedHashMap<>();
  private @Nullable Connection connection;
  private boolean mayHaveRun;

  /**
   * A call that has not begun.
   *
   * @param service the name in the registry
   * @param bytes the encoded request
   */
  OutgoingCall(
      String service, Request request, ByteBuf bytes, Instances instances, ConnectionPool pool) {
    this.request = request;
    this.bytes = bytes;
    this.instances = instances;
    this.pool = pool;
    this.name = service + "." + request.method();
  }

  /**
   * The reply, or empty once a oneway request is written; fails with a {@link CallException}.
   * Completed on any thread, so what follows must not be user code.
   */
  CompletableFuture<Optional<Reply>> result() {
    return result;
  }

  Request request() {
    return request;
  }

  void start(ScheduledExecutorService timers) {
    try {
      startTimer(timers);
    } catch (RejectedExecutionException threadsEnded) {
      cancel("the client is closed", threadsEnded);
    }
    follow(
        FIRST_LIST,
        instances::whenAvailable,
        available -> attempt(),
        failure -> fail(Reason.UNAVAILABLE, "" + failure.getMessage(), failure));
  }

  private void startTimer(ScheduledExecutorService timers) {
    if (!request.timeout().isZero()) {
      Future<?> timer =
          timers.schedule(
              () -> end(Reason.TIMED_OUT, "no reply within " + request.timeout(), null),
              request.timeout().toNanos(),
              TimeUnit.NANOSECONDS);
      result.whenComplete((reply, failure) -> timer.cancel(false));
    }
  }

  /** Gives up, unless the call is done. */
  void cancel(String why, @Nullable Throwable cause) {
    end(Reason.CANCELLED, why, cause);
  }

  private void end(Reason reason, String why, @Nullable Throwable cause) {
    var exception =
        new CallException(reason, name + ": " + why + ", waited for " + waitingFor, cause);
    if (ended.compareAndSet(null, exception)) {
      step.completeExceptionally(exception);
    }
  }

  /**
   * Begins a step, and goes on when it is done, in one way or the other. If the whole call was
   * ended, the step does not begin.
   */
  private <T> void follow(
      String what,
      Supplier<CompletableFuture<T>> begin,
      Consumer<T> then,
      Consumer<Throwable> otherwise) {
    waitingFor = what;
    CompletableFuture<T> next = ended.get() == null ? begun(begin) : new CompletableFuture<>();
    step = next;
    CallException end = ended.get();
    if (end != null) {
      next.completeExceptionally(end);
    }
    next.whenComplete(
        (value, failure) -> {
          try {
            if (failure == null) {
              then.accept(value);
            } else {
              discardConnection();
              onFailure(failure, otherwise);
            }
          } catch (Throwable e) { // the caller must not wait for ever
            discardConnection();
            fail(
                mayHaveRun ? Reason.CONNECTION_LOST : Reason.UNAVAILABLE,
                (mayHaveRun ? "may have run: " : "not sent: ") + e,
                e);
          }
        });
  }

  private static <T> CompletableFuture<T> begun(Supplier<CompletableFuture<T>> begin) {
    try {
      return begin.get();
    } catch (Throwable e) { // a failure of this step, not of the one before
      return CompletableFuture.failedFuture(e);
    }
  }

  private void onFailure(Throwable failure, Consumer<Throwable> otherwise) {
    if (failure instanceof CallException end) {
      result.completeExceptionally(end);
    } else if (failure instanceof CompletionException && failure.getCause() != null) {
      otherwise.accept(failure.getCause());
    } else {
      otherwise.accept(failure);
    }
  }

  private void attempt() {
    Optional<Instance> picked =
        unreachable.size() < MAX_ATTEMPTS ? instances.pick(unreachable.keySet()) : Optional.empty();
    picked.ifPresentOrElse(this::connect, this::failUnreachable);
  }

  private void connect(Instance instance) {
    Connection lent;
    try {
      lent = pool.borrow(instance);
    } catch (ConnectException e) {
      tryAnother(instance, e);
      return;
    }
    connection = lent;
    boolean reused = lent.isOpened();
    follow(
        "a connection to " + instance.address(),
        lent::open,
        channel -> exchange(instance, lent, channel, reused),
        failure -> tryAnother(instance, failure));
  }

  private void exchange(Instance instance, Connection lent, Channel channel, boolean reused) {
    mayHaveRun = true;
    follow(
        (request.isOneway() ? "the request to be written to " : "the reply of ")
            + instance.address(),
        () -> lent.exchange(channel, bytes, request.isOneway()),
        reply -> finish(instance, lent, reply),
        failure -> {
          if (!(failure instanceof Connection.NotSentException)) {
            failSent(instance, failure);
            return;
          }
          mayHaveRun = false;
          if (reused) {
            connect(instance);
          } else {
            tryAnother(instance, failure);
          }
        });
  }

  private void tryAnother(Instance instance, Throwable failure) {
    unreachable.put(instance.address(), failure);
    // a load balancer may be the user's, and this an I/O thread
    follow(
        "another instance than " + unreachable.keySet(),
        () -> CompletableFuture.runAsync(() -> {}, ClientThreads.PICKS),
        ready -> attempt(),
        never -> fail(Reason.UNAVAILABLE, "" + never.getMessage(), never));
  }

  private void finish(Instance instance, Connection lent, Optional<Message> reply) {
    Optional<String> mismatch = reply.flatMap(this::mismatch);
    if (mismatch.isEmpty() && reply.filter(OutgoingCall::keepsConnection).isPresent()) {
      connection = null;
      pool.giveBack(lent);
      if (!instances.contains(instance)) {
        pool.drop(instance);
      }
    } else {
      discardConnection();
    }
    mismatch.ifPresentOrElse(
        text -> fail(Reason.MALFORMED_REPLY, text + " from " + instance.address(), null),
        () -> result.complete(reply.map(message -> new Reply(instance, message))));
  }

  /**
   * A Kitex client drops the connection after any EXCEPTION, and when the server asks for it. After
   * a oneway request it is dropped too: the next call on it would wait for that one to end.
   */
  private static boolean keepsConnection(Message reply) {
    return reply.type() == Message.Type.REPLY
        && !reply.header().strings().containsKey(TTHeader.CONNECTION_RESET);
  }

  private Optional<String> mismatch(Message reply) {
    if (reply.protocol() != request.protocol()) {
      return mismatch("protocol", reply.protocol(), request.protocol());
    }
    return switch (reply.type()) {
      case EXCEPTION -> Optional.empty();
      case REPLY -> {
        if (reply.sequence() != request.sequence()) {
          yield mismatch("sequence id of the reply", reply.sequence(), request.sequence());
        }
        yield reply.method().equals(request.method())
            ? Optional.empty()
            : mismatch("method of the reply", reply.method(), request.method());
      }
      case CALL, ONEWAY -> mismatch("message", reply.type(), Message.Type.REPLY);
    };
  }

  private static Optional<String> mismatch(String what, Object value, Object expected) {
    return Optional.of(what + ": " + value + " (expected: " + expected + ")");
  }

  private void failUnreachable() {
    String tried =
        unreachable.entrySet().stream()
            .map(entry -> entry.getKey() + " (" + entry.getValue().getMessage() + ")")
            .collect(Collectors.joining(", "));
    Throwable last = unreachable.values().stream().reduce((a, b) -> b).orElse(null);
    fail(
        Reason.UNAVAILABLE,
        unreachable.isEmpty()
            ? "the last instance has just gone"
            : "not sent, for no instance could be connected to: " + tried,
        last);
  }

  private void failSent(Instance instance, Throwable failure) {
    if (failure instanceof MalformedMessageException) {
      fail(Reason.MALFORMED_REPLY, failure.getMessage() + " from " + instance.address(), failure);
    } else {
      pool.drop(instance); // if its process has ended, they end in the next moment
      fail(
          Reason.CONNECTION_LOST,
          "the connection to "
              + instance.address()
              + " ended before the reply, so the call may have run: "
              + failure.getMessage(),
          failure);
    }
  }

  private void fail(Reason reason, String why, @Nullable Throwable cause) {
    result.completeExceptionally(new CallException(reason, name + ": " + why, cause));
  }

  private void discardConnection() {
    Connection lent = connection;
    connection = null;
    if (lent != null) {
      pool.discard(lent);
    }
  }
}
