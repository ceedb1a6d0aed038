package io.registryetcd.kitex;

import com.google.common.net.InetAddresses;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.registryetcd.Instance;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** Opens connections to instances, over TCP or unix sockets, with or without TLS. */
final class Connector {

  private final EventLoopGroup threads;
  private final Duration timeout;
  private final Optional<SSLContext> tls;

  Connector(EventLoopGroup threads, Duration timeout, Optional<SSLContext> tls) {
    this.threads = threads;
    this.timeout = timeout;
    this.tls = tls;
  }

  /**
   * Connects, from the lookup of the host's name to the end of the TLS handshake.
   *
   * @return may be completed exceptionally by the caller, which ends the attempt
   */
  CompletableFuture<Channel> connect(Instance instance, ChannelHandler handler) {
    CompletableFuture<Channel> connected = new CompletableFuture<>();
    startTimer(connected);
    if (instance.network().equals("unix") || InetAddresses.isInetAddress(instance.host())) {
      dial(instance, handler, connected);
    } else {
      ClientThreads.LOOKUPS.execute(() -> dial(instance, handler, connected));
    }
    return connected;
  }

  private void startTimer(CompletableFuture<Channel> connected) {
    Future<?> timer =
        threads.schedule(
            () ->
                connected.completeExceptionally(
                    new ConnectException("not connected within " + timeout + " (connectTimeout)")),
            timeout.toNanos(),
            TimeUnit.NANOSECONDS);
    connected.whenComplete((channel, failure) -> timer.cancel(false));
  }

  private void dial(
      Instance instance, ChannelHandler handler, CompletableFuture<Channel> connected) {
    if (connected.isDone()) {
      return; // given up before its lookup began
    }
    try {
      dial(address(instance), instance, handler, connected);
    } catch (Throwable e) { // would end in a thread for lookups
      connected.completeExceptionally(e);
    }
  }

  /** Blocks while a name is looked up. */
  private static SocketAddress address(Instance instance) throws UnknownHostException {
    if (instance.network().equals("unix")) {
      return UnixDomainSocketAddress.of(instance.host());
    }
    var address = new InetSocketAddress(instance.host(), instance.port());
    if (address.isUnresolved()) {
      throw new UnknownHostException("the host name " + instance.host() + " is not found");
    }
    return address;
  }

  private void dial(
      SocketAddress address,
      Instance instance,
      ChannelHandler handler,
      CompletableFuture<Channel> connected) {
    Optional<SslHandler> ssl = tls.map(context -> sslHandler(context, instance));
    ChannelFuture dialled = bootstrap(address, ssl, handler).connect(address);
    connected.whenComplete(
        (channel, failure) -> {
          if (failure != null) {
            dialled.channel().close();
          }
        });
    dialled.addListener(
        done -> {
          if (!done.isSuccess()) {
            connected.completeExceptionally(done.cause());
          } else if (ssl.isEmpty()) {
            connected.complete(dialled.channel());
          }
        });
    ssl.ifPresent(
        handshaking ->
            handshaking
                .handshakeFuture()
                .addListener(
                    done -> {
                      if (done.isSuccess()) {
                        connected.complete(dialled.channel());
                      } else {
                        connected.completeExceptionally(done.cause());
                      }
                    }));
  }

  private Bootstrap bootstrap(
      SocketAddress address, Optional<SslHandler> ssl, ChannelHandler handler) {
    return new Bootstrap()
        .group(threads)
        .channel(
            address instanceof UnixDomainSocketAddress
                ? NioDomainSocketChannel.class
                : NioSocketChannel.class)
        .disableResolver()
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0) // there is one timer for all
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                ssl.ifPresent(channel.pipeline()::addLast);
                channel.pipeline().addLast(handler);
              }
            });
  }

  private SslHandler sslHandler(SSLContext context, Instance instance) {
    SSLEngine engine = context.createSSLEngine(instance.host(), instance.port());
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    SslHandler handler = new SslHandler(engine);
    handler.setHandshakeTimeoutMillis(0); // there is one timer for all
    return handler;
  }
}
