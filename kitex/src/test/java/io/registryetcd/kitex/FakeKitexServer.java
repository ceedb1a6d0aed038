package io.registryetcd.kitex;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.registryetcd.Instance;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.MessageDecoder;
import io.registryetcd.kitex.wire.MessageEncoder;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** A server that does with each request what a test says. */
final class FakeKitexServer implements AutoCloseable {

  /** What happens when a request has arrived. */
  @FunctionalInterface
  interface Script {
    void on(Message request, Peer peer);
  }

  /** A client's connection, as the server sees it. */
  record Peer(Channel channel) {

    void send(byte[] bytes) {
      channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }

    void send(Message message) {
      ByteBuf bytes = Unpooled.buffer();
      MessageEncoder.encode(message, bytes);
      send(ByteBufUtil.getBytes(bytes));
    }

    /** Sends the end, and closes when the client has closed its side too. */
    void finish() {
      ((DuplexChannel) channel).shutdownOutput();
    }

    void close() {
      channel.close();
    }

    void reset() {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
      channel.close();
    }
  }

  /** Requests that have arrived, in order. */
  final List<Message> requests = new CopyOnWriteArrayList<>();

  /** How many connections there ever were. */
  final AtomicInteger accepted = new AtomicInteger();

  private final EventLoopGroup threads =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("fake-kitex-server", true), NioIoHandler.newFactory());
  private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
  private final Optional<SSLContext> tls;
  private final Channel listener;
  private volatile Script script;

  private FakeKitexServer(SocketAddress address, Optional<SSLContext> tls, Script script) {
    this.script = script;
    this.tls = tls;
    this.listener =
        new ServerBootstrap()
            .group(threads)
            .channel(
                address instanceof UnixDomainSocketAddress
                    ? NioServerDomainSocketChannel.class
                    : NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 4096)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel);
                  }
                })
            .bind(address)
            .syncUninterruptibly()
            .channel();
  }

  static FakeKitexServer start(Script script) {
    return start("127.0.0.1", script);
  }

  static FakeKitexServer start(String host, Script script) {
    return new FakeKitexServer(new InetSocketAddress(host, 0), Optional.empty(), script);
  }

  static FakeKitexServer start(SSLContext tls, Script script) {
    return new FakeKitexServer(new InetSocketAddress("127.0.0.1", 0), Optional.of(tls), script);
  }

  static FakeKitexServer start(Path unixSocket, Script script) {
    return new FakeKitexServer(UnixDomainSocketAddress.of(unixSocket), Optional.empty(), script);
  }

  /** Answers every request with these bytes. */
  static Script replying(byte[] bytes) {
    return (request, peer) -> peer.send(bytes);
  }

  /** Answers nothing. */
  static Script silent() {
    return (request, peer) -> {};
  }

  void script(Script next) {
    script = next;
  }

  int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  String address() {
    return instance().address();
  }

  Instance instance() {
    return Instance.of("127.0.0.1", port()).withWeight(10);
  }

  /** How many connections are open. */
  int connections() {
    return connections.size();
  }

  List<Peer> peers() {
    return connections.stream().map(Peer::new).toList();
  }

  /** Ends at once, as a killed process does. */
  @Override
  public void close() {
    listener.close().syncUninterruptibly();
    connections.forEach(Channel::close);
    threads.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private void accept(Channel channel) {
    accepted.incrementAndGet();
    connections.add(channel);
    channel.closeFuture().addListener(closed -> connections.remove(channel));
    tls.ifPresent(
        context -> {
          SSLEngine engine = context.createSSLEngine();
          engine.setUseClientMode(false);
          channel.pipeline().addLast(new SslHandler(engine));
        });
    channel.pipeline().addLast(new Requests());
  }

  private final class Requests extends ByteToMessageDecoder {

    private final MessageDecoder decoder =
        new MessageDecoder(MessageDecoder.DEFAULT_MAX_FRAME_BYTES);

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
        throws Exception {
      Message request = decoder.decode(in);
      if (request != null) {
        requests.add(request);
        script.on(request, new Peer(context.channel()));
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
