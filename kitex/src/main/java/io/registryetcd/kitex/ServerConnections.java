package io.registryetcd.kitex;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections of a server, and when the last of them has ended. */
final class ServerConnections extends ChannelInitializer<Channel> {

  private static final Logger logger = LoggerFactory.getLogger(ServerConnections.class);

  private final ServerSettings settings;
  private final WarnOnce full = new WarnOnce(logger);
  private final Set<ServerConnection> open = ConcurrentHashMap.newKeySet();

  /** The socket that listens, each connection, and each call. */
  private final AtomicLong users = new AtomicLong(1);

  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final AtomicBoolean stopping = new AtomicBoolean();

  ServerConnections(ServerSettings settings) {
    this.settings = settings;
  }

  @Override
  protected void initChannel(Channel channel) {
    if (open.size() >= settings.maxConnections()) {
      full.log(
          "connection of {} refused: {} are open (expected: at most maxConnections)",
          channel.remoteAddress(),
          settings.maxConnections());
      channel.close();
      return;
    }
    settings.tls().ifPresent(tls -> channel.pipeline().addLast(tlsHandler(tls)));
    long idle = settings.idleTimeout().toNanos();
    channel.pipeline().addLast(new IdleStateHandler(0, 0, idle, TimeUnit.NANOSECONDS));
    var connection = new ServerConnection(channel, settings, this);
    enter();
    open.add(connection);
    channel
        .closeFuture()
        .addListener(
            closed -> {
              open.remove(connection);
              leave();
            });
    channel.pipeline().addLast(connection);
  }

  private static SslHandler tlsHandler(SSLContext tls) {
    SSLEngine engine = tls.createSSLEngine();
    engine.setUseClientMode(false);
    return new SslHandler(engine);
  }

  void enter() {
    users.incrementAndGet();
  }

  void leave() {
    if (users.decrementAndGet() == 0) {
      ended.complete(null);
    }
  }

  boolean areStopping() {
    return stopping.get();
  }

  /**
   * Lets each connection end when its calls have, and tells the clients to.
   *
   * @return false if that was done before
   */
  boolean stop() {
    if (!stopping.compareAndSet(false, true)) {
      return false;
    }
    open.forEach(ServerConnection::stop);
    return true;
  }

  /** Closes what is left, whatever is under way. */
  void cut() {
    open.forEach(ServerConnection::cut);
  }

  /** Completes when the socket that listens, all connections and all calls have ended. */
  CompletableFuture<Void> whenEnded() {
    return ended;
  }
}
