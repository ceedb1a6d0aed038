package io.registryetcd.kitex;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.registryetcd.Instance;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.MessageDecoder;
import java.io.EOFException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one instance, for one call at a time; not connected before {@link #open}.
 *
 * <p>Whoever has borrowed it may call its methods from any thread; the exchange under way belongs
 * to the channel's event loop. Bytes that come while there is none close it.
 */
final class Connection extends ByteToMessageDecoder {

  /** Not one byte of the request was written, because the connection had ended before. */
  static final class NotSentException extends Exception {
    private static final long serialVersionUID = 1;

    NotSentException() {
      super("the connection was closed while it was idle");
    }
  }

  private final Instance instance;
  private final Connector connector;
  private final MessageDecoder decoder;
  private volatile @Nullable Channel channel;
  private @Nullable CompletableFuture<Optional<Message>> underWay;

  Connection(Instance instance, Connector connector, int maxFrameBytes) {
    this.instance = instance;
    this.connector = connector;
    this.decoder = new MessageDecoder(maxFrameBytes);
  }

  Instance instance() {
    return instance;
  }

  boolean isOpened() {
    return channel != null;
  }

  /** Whether it can be lent: it is connected, or nobody has tried yet. */
  boolean isUsable() {
    Channel current = channel;
    return current == null || current.isActive();
  }

  /**
   * Connects, unless that was done before.
   *
   * @return may be completed exceptionally by the caller, who must close this then
   */
  CompletableFuture<Channel> open() {
    Channel current = channel;
    return current == null
        ? connector.connect(instance, this)
        : CompletableFuture.completedFuture(current);
  }

  /**
   * Sends a request and waits for the reply, or of a oneway request until it is written.
   *
   * @param bytes on the heap; released once they are written, and not before
   * @return empty for a oneway request; fails with a {@link NotSentException} if the request cannot
   *     have run; may be completed exceptionally by the caller, who must close this then
   */
  CompletableFuture<Optional<Message>> exchange(Channel channel, ByteBuf bytes, boolean oneway) {
    CompletableFuture<Optional<Message>> reply = new CompletableFuture<>();
    try {
      channel.eventLoop().execute(() -> send(channel, bytes, oneway, reply));
    } catch (RejectedExecutionException threadsEnded) {
      reply.completeExceptionally(new NotSentException());
    }
    return reply;
  }

  private void send(
      Channel channel, ByteBuf bytes, boolean oneway, CompletableFuture<Optional<Message>> reply) {
    if (reply.isDone() || !channel.isActive()) {
      reply.completeExceptionally(new NotSentException());
      return;
    }
    underWay = reply;
    channel
        .writeAndFlush(bytes)
        .addListener(
            written -> {
              if (underWay != reply) {
                return;
              }
              if (!written.isSuccess()) {
                fail(written.cause());
              } else if (oneway) {
                finish(Optional.empty());
              }
            });
  }

  void close() {
    Channel current = channel;
    if (current != null) {
      current.close();
    }
  }

  // On the event loop.

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context.channel();
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
      throws Exception {
    if (underWay == null) {
      in.skipBytes(in.readableBytes());
      context.close();
      return;
    }
    Message reply = decoder.decode(in);
    if (reply != null) {
      finish(Optional.of(reply));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) throws Exception {
    super.channelInactive(context);
    fail(new EOFException("it was closed by the other side"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    fail(cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause);
    context.close();
  }

  private void finish(Optional<Message> reply) {
    CompletableFuture<Optional<Message>> finished = underWay;
    underWay = null;
    if (finished != null) {
      finished.complete(reply);
    }
  }

  private void fail(Throwable cause) {
    CompletableFuture<Optional<Message>> failed = underWay;
    underWay = null;
    if (failed != null) {
      failed.completeExceptionally(cause);
    }
  }
}
