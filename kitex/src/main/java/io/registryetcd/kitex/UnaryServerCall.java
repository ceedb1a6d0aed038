package io.registryetcd.kitex;

import com.google.common.io.ByteStreams;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.registryetcd.kitex.wire.BizStatus;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A unary call of a gRPC handler that did not come by gRPC. */
final class UnaryServerCall<Q, R> extends ServerCall<Q, R> {

  private static final Metadata.Key<String> BIZ_STATUS =
      Metadata.Key.of(TTHeader.BIZ_STATUS, Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> BIZ_EXTRA =
      Metadata.Key.of(TTHeader.BIZ_EXTRA, Metadata.ASCII_STRING_MARSHALLER);

  private final Message request;
  private final MethodDescriptor<Q, R> method;
  private final Consumer<? super Optional<Message>> answer;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** The handler has heard all of the request, and the call was closed. */
  private final AtomicInteger endsLeft = new AtomicInteger(2);

  private volatile byte @Nullable [] response;
  private volatile @Nullable Listener<Q> listener;

  private UnaryServerCall(
      Message request, MethodDescriptor<Q, R> method, Consumer<? super Optional<Message>> answer) {
    this.request = request;
    this.method = method;
    this.answer = answer;
  }

  /** Calls the handler, which may answer later. */
  static <Q, R> void start(
      Message request,
      ServerMethodDefinition<Q, R> method,
      Consumer<? super Optional<Message>> answer) {
    Q argument;
    try {
      argument =
          method.getMethodDescriptor().parseRequest(new ByteArrayInputStream(request.payload()));
    } catch (RuntimeException e) {
      answer.accept(Optional.of(Replies.unreadableArguments(request, Replies.text(e))));
      return;
    }
    var call = new UnaryServerCall<>(request, method.getMethodDescriptor(), answer);
    call.deliver(method.getServerCallHandler().startCall(call, new Metadata()), argument);
  }

  private void deliver(Listener<Q> to, Q argument) {
    listener = to;
    try {
      to.onReady();
      to.onMessage(argument);
      to.onHalfClose();
    } catch (RuntimeException | Error e) {
      to.onCancel();
      throw e;
    }
    end();
  }

  /** The last of the two ends completes the call. */
  private void end() {
    Listener<Q> completed = listener;
    if (endsLeft.decrementAndGet() == 0 && completed != null) {
      completed.onComplete();
    }
  }

  @Override
  public void request(int numMessages) {
    // the one message is delivered anyway
  }

  @Override
  public void sendHeaders(Metadata headers) {
    // there is no place for them
  }

  @Override
  public void sendMessage(R message) {
    try (InputStream bytes = method.streamResponse(message)) {
      response = ByteStreams.toByteArray(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close(Status status, Metadata trailers) {
    if (!closed.compareAndSet(false, true)) {
      throw new IllegalStateException("call already closed");
    }
    answer.accept(Optional.of(reply(status, trailers)));
    end();
  }

  private Message reply(Status status, Metadata trailers) {
    byte[] bytes = response;
    if (status.isOk()) {
      return bytes == null
          ? Replies.handlerFailed(request, "completed without a response")
          : request.reply(bytes);
    }
    return bizStatus(status, trailers)
        .map(biz -> BizStatus.reply(request, biz))
        .orElseGet(() -> Replies.handlerFailed(request, text(status)));
  }

  /** The cause of a status, or what Kitex's own trailers say. */
  private Optional<BizStatusException> bizStatus(Status status, Metadata trailers) {
    if (status.getCause() instanceof BizStatusException biz) {
      return Optional.of(biz);
    }
    Map<String, String> strings =
        Map.of(
            TTHeader.BIZ_STATUS, Objects.requireNonNullElse(trailers.get(BIZ_STATUS), ""),
            TTHeader.BIZ_MESSAGE, text(status),
            TTHeader.BIZ_EXTRA, Objects.requireNonNullElse(trailers.get(BIZ_EXTRA), ""));
    return BizStatus.of(
        new Message(
            Framing.TTHEADER_FRAMED,
            request.protocol(),
            TTHeader.EMPTY.withStrings(strings),
            Message.Type.REPLY,
            request.method(),
            request.sequence(),
            new byte[0]));
  }

  private static String text(Status status) {
    String description = status.getDescription();
    if (description != null) {
      return description;
    }
    Throwable cause = status.getCause();
    return cause == null ? status.getCode().name() : Replies.text(cause);
  }

  @Override
  public boolean isCancelled() {
    return false;
  }

  @Override
  public MethodDescriptor<Q, R> getMethodDescriptor() {
    return method;
  }
}
