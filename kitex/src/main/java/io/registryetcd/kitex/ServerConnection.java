package io.registryetcd.kitex;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.concurrent.ScheduledFuture;
import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.MalformedMessageException;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.MessageEncoder;
import io.registryetcd.kitex.wire.TTHeader;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's side of a connection: takes requests out of the bytes, has them handled, writes the
 * replies. A request begins when the one before it was answered, or at once where it says that
 * replies may come out of order.
 *
 * <p>It reads on only as long as it has room: not while replies pile up that the client does not
 * take, and at most {@link #READ_AHEAD_BYTES} beyond the request that is handled.
 *
 * <p>It is closed in three steps: no more requests begin; those under way are answered; the output
 * ends, and the input is read a little longer, because closing a socket with unread bytes resets
 * it, and the client might lose the last reply.
 *
 * <p>Everything here runs on the connection's I/O thread.
 */
final class ServerConnection extends ChannelInboundHandlerAdapter {

  private static final Logger logger = LoggerFactory.getLogger(ServerConnection.class);
  private static final int READ_AHEAD_BYTES = 64 * 1024;
  private static final int MOST_CALLS_AT_ONCE = 256;
  private static final int LINGER_SECONDS = 1;
  private static final int HEADER_ROOM = 256;
  private static final Map<String, String> RESET = Map.of(TTHeader.CONNECTION_RESET, "1");

  private final Channel channel;
  private final SocketAddress client;
  private final ServerSettings settings;
  private final ServerConnections connections;
  private final ReceivedBytes received;

  /** How many requests are being handled. */
  private int calls;

  /** One of them is to be answered before the next begins. */
  private boolean busyInOrder;

  private boolean advancing;
  private boolean inputEnded;
  private boolean closing;
  private boolean lingering;
  private @Nullable ScheduledFuture<?> messageDeadline;

  ServerConnection(Channel channel, ServerSettings settings, ServerConnections connections) {
    this.channel = channel;
    this.client = channel.remoteAddress();
    this.settings = settings;
    this.connections = connections;
    this.received = new ReceivedBytes(settings.maxFrameBytes());
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    advance();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (closing) {
      bytes.release();
    } else {
      received.add(bytes, ctx.alloc());
      advance();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    advance();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      inputEnded = true;
      if (lingering) {
        channel.close();
      } else {
        advance();
      }
    } else if (event instanceof IdleStateEvent && calls == 0) {
      logger.info("connection of {} closed: idle for {}", client, settings.idleTimeout());
      channel.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException && !(cause instanceof SSLException)) {
      logger.debug("connection of {} lost", client, cause);
    } else {
      tellClosed(cause.toString());
    }
    channel.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closing = true;
    received.release();
    watchMessage(false);
  }

  /** The server stops: to be called from any thread. */
  void stop() {
    channel.eventLoop().execute(this::advance);
  }

  /** Closes at once, whatever is under way; to be called from any thread. */
  void cut() {
    channel.close();
  }

  /** Begins what can begin, and then does what follows from where the connection stands. */
  private void advance() {
    if (advancing) {
      return; // a request was answered while it was begun
    }
    advancing = true;
    try {
      while (mayBegin()) {
        Message request = received.next();
        if (request == null) {
          break;
        }
        begin(request);
      }
    } catch (MalformedMessageException e) {
      refuse(e);
    } finally {
      advancing = false;
    }
    settle();
  }

  private boolean mayBegin() {
    return !closing && !busyInOrder && calls < MOST_CALLS_AT_ONCE && channel.isWritable();
  }

  private void settle() {
    boolean waiting = mayBegin();
    boolean noMore = inputEnded || (connections.areStopping() && received.isEmpty());
    if (calls == 0 && (closing || (waiting && noMore))) {
      close();
    }
    watchMessage(waiting && !received.isEmpty());
    boolean room = channel.isWritable() && (waiting || received.size() < READ_AHEAD_BYTES);
    channel.config().setAutoRead(closing || room);
  }

  private void begin(Message request) throws MalformedMessageException {
    if (request.type() != Message.Type.CALL && request.type() != Message.Type.ONEWAY) {
      throw new MalformedMessageException(
          "message type: " + request.type() + " (expected: CALL or ONEWAY)");
    }
    watchMessage(false);
    var exchange = new ServerExchange(request, client, this::answered);
    calls++;
    busyInOrder |= exchange.isInOrder();
    connections.enter();
    exchange.start(settings.router(), settings.executor());
  }

  /** Called from any thread. */
  private void answered(ServerExchange exchange, Optional<Message> reply) {
    try {
      if (channel.eventLoop().inEventLoop()) {
        end(exchange, reply);
      } else {
        channel.eventLoop().execute(() -> end(exchange, reply));
      }
    } catch (RejectedExecutionException e) {
      logger.debug("reply to {} lost: the server has ended", client);
    } finally {
      connections.leave();
    }
  }

  private void end(ServerExchange exchange, Optional<Message> reply) {
    calls--;
    if (exchange.isInOrder()) {
      busyInOrder = false;
    }
    if (channel.isActive()) {
      reply.ifPresent(message -> write(exchange.request(), message));
      advance();
    }
  }

  /** A message that breaks off behind its envelope can be answered. */
  private void refuse(MalformedMessageException e) {
    String reason = Replies.text(e);
    e.envelope()
        .ifPresentOrElse(
            request -> write(request, Replies.unreadableArguments(request, reason)),
            () -> tellClosed(reason));
    closing = true;
  }

  private void write(Message request, Message reply) {
    if (Replies.isLast(reply)) {
      tellClosed(ApplicationError.of(reply).message());
      closing = true;
    }
    ByteBuf bytes = channel.alloc().buffer(reply.payload().length + HEADER_ROOM);
    try {
      MessageEncoder.encode(marked(reply), bytes);
    } catch (IllegalArgumentException e) { // more metadata than a header holds
      MessageEncoder.encode(marked(Replies.handlerFailed(request, Replies.text(e))), bytes);
    }
    channel.writeAndFlush(bytes);
  }

  /** Asks the client to drop the connection, if it is going to be closed. */
  private Message marked(Message reply) {
    return closing || connections.areStopping() ? reply.withStrings(RESET) : reply;
  }

  private void close() {
    if (!lingering) {
      lingering = true;
      closing = true;
      received.release();
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(flushed -> endOutput());
    }
  }

  private void endOutput() {
    boolean tls = channel.pipeline().get(SslHandler.class) != null;
    if (inputEnded || tls || !(channel instanceof DuplexChannel duplex)) {
      channel.close();
      return;
    }
    duplex.shutdownOutput();
    channel.eventLoop().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
  }

  /** While a message is half there, its time runs. */
  private void watchMessage(boolean half) {
    ScheduledFuture<?> deadline = messageDeadline;
    if (half && deadline == null) {
      messageDeadline =
          channel
              .eventLoop()
              .schedule(
                  this::giveUpMessage, settings.messageTimeout().toNanos(), TimeUnit.NANOSECONDS);
    } else if (!half && deadline != null) {
      deadline.cancel(false);
      messageDeadline = null;
    }
  }

  private void giveUpMessage() {
    tellClosed(
        "message: "
            + received.size()
            + " bytes of it in "
            + settings.messageTimeout()
            + " (expected: all of it within messageTimeout)");
    channel.close();
  }

  private void tellClosed(String reason) {
    logger.warn("connection of {} closed: {}", client, LogText.escape(reason));
  }
}
