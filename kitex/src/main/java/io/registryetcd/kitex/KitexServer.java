package io.registryetcd.kitex;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.registryetcd.kitex.wire.MessageDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;

/**
 * Serves Thrift services, in all four framings, and protobuf services, over Kitex-Protobuf, on one
 * port: whatever a client on Kitex sends, unless it is gRPC.
 *
 * <pre>{@code
 * KitexServer server = KitexServer.builder()
 *     .service(ThriftService.of(Hello.Iface.class, new HelloHandler(), Hello.Processor::new))
 *     .service(ProtobufService.of(new EchoService()))
 *     .listen(new InetSocketAddress(8888))
 *     .start();
 * }</pre>
 *
 * <p>Start it by {@link KitexRegistration} to have it registered too, and stopped in good order.
 *
 * <p>Each message says how it is framed, so all of them may come mixed on one connection; the reply
 * is framed as the request. The requests of a connection are handled and answered one after the
 * other, unless the client asks for replies out of order (Kitex: {@code WithMuxConnection}). A
 * oneway call is handled even if its sender is gone. A connection whose bytes make no sense is
 * closed, with one line in the log that says why.
 *
 * <p>A fixed number of threads reads and writes for all servers and clients of the JVM, whatever
 * the number of connections. Handlers run on an executor. Safe for use by many threads.
 *
 * @since 0.1
 */
public final class KitexServer implements AutoCloseable {

  private static final Duration CLOSE_GRACE = Duration.ofSeconds(1);

  private final Channel listener;
  private final ServerConnections connections;
  private final Optional<ExecutorService> ownExecutor;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final CountDownLatch terminated = new CountDownLatch(1);

  private KitexServer(
      Channel listener, ServerConnections connections, Optional<ExecutorService> ownExecutor) {
    this.listener = listener;
    this.connections = connections;
    this.ownExecutor = ownExecutor;
  }

  /**
   * Begins to describe a server.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Where the server listens.
   *
   * @return the address, with the port it got
   */
  public InetSocketAddress address() {
    return (InetSocketAddress) listener.localAddress();
  }

  /**
   * The port on which the server listens.
   *
   * @return the port
   */
  public int port() {
    return address().getPort();
  }

  /**
   * Whether the server was told to stop.
   *
   * @return true after the first call of {@link #shutdown} or {@link #close}
   */
  public boolean isShutdown() {
    return connections.areStopping();
  }

  /**
   * Stops in good order, and returns when all is done: accepts no more connections, closes those
   * that are idle, and each other one behind the reply that it waits for; in the TTHeader that
   * reply tells the client to drop the connection. May be called more than once; each call waits. A
   * handler that calls it waits for itself, for the whole grace.
   *
   * @param grace how long calls under way may take: any length, and zero if negative; connections
   *     that are left then are cut, and the threads of the default executor interrupted
   */
  public void shutdown(Duration grace) {
    if (connections.stop()) {
      listener.close().addListener(closed -> connections.leave());
    }
    try {
      connections.whenEnded().get(TimeUnit.NANOSECONDS.convert(grace), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      connections.cut();
    } catch (InterruptedException e) {
      connections.cut();
      Thread.currentThread().interrupt();
    }
    end();
  }

  private void end() {
    if (ended.compareAndSet(false, true)) {
      ownExecutor.ifPresent(ExecutorService::shutdownNow);
      IoThreads.release();
      terminated.countDown();
    }
  }

  /** {@linkplain #shutdown Shuts down} with a grace of 1 s. */
  @Override
  public void close() {
    shutdown(CLOSE_GRACE);
  }

  /**
   * Waits until the server has ended.
   *
   * @throws InterruptedException if interrupted
   */
  public void awaitTermination() throws InterruptedException {
    terminated.await();
  }

  /**
   * Describes a server. Services and an address are needed, everything else has a default. Not safe
   * for use by several threads.
   *
   * @since 0.1
   */
  public static final class Builder {

    private static final Duration LEAST_IDLE_TIMEOUT = Duration.ofMinutes(3);
    private static final Duration MOST_TIMEOUT = Duration.ofDays(24);
    private static final int LEAST_FRAME_BYTES = 1024;

    private final List<KitexService> services = new ArrayList<>();
    private Optional<InetSocketAddress> address = Optional.empty();
    private Optional<Executor> executor = Optional.empty();
    private Optional<SSLContext> tls = Optional.empty();
    private int maxFrameBytes = MessageDecoder.DEFAULT_MAX_FRAME_BYTES;
    private int maxConnections = 10_000;
    private Duration idleTimeout = LEAST_IDLE_TIMEOUT;
    private Duration messageTimeout = Duration.ofSeconds(5);

    private Builder() {}

    /**
     * A service to serve. May be called several times. A request goes to the service that it names
     * (Kitex: {@code isn}); one that names none, to the first that has the method.
     *
     * @param service the service
     * @return this
     */
    public Builder service(KitexService service) {
      services.add(service);
      return this;
    }

    /**
     * Where to listen.
     *
     * @param where an address of this machine, or the wildcard; port 0 for any free one
     * @return this
     */
    public Builder listen(InetSocketAddress where) {
      if (where.isUnresolved()) {
        throw illegal("listen", where, "an address of this machine");
      }
      address = Optional.of(where);
      return this;
    }

    /**
     * What runs the handlers. It is not shut down by the server. A call that it refuses is answered
     * with an application exception. Default: up to 200 daemon threads of the server, which end
     * when idle for a minute; where all are busy calls wait.
     *
     * <p>An executor that runs tasks in the caller, such as {@code Runnable::run}, runs handlers on
     * the I/O threads, which all servers and clients of the JVM share: one that waits stops them.
     *
     * @param handlers such as {@code Executors.newVirtualThreadPerTaskExecutor()}
     * @return this
     */
    public Builder executor(Executor handlers) {
      executor = Optional.of(handlers);
      return this;
    }

    /**
     * The largest message that is read. A connection that begins a larger one is closed. Default 16
     * MiB.
     *
     * @param bytes at least 1,024
     * @return this
     */
    public Builder maxFrameBytes(int bytes) {
      if (bytes < LEAST_FRAME_BYTES) {
        throw illegal("maxFrameBytes", bytes, ">= " + LEAST_FRAME_BYTES);
      }
      maxFrameBytes = bytes;
      return this;
    }

    /**
     * How many connections may be open; the newest are closed at once. Default 10,000.
     *
     * @param count positive
     * @return this
     */
    public Builder maxConnections(int count) {
      if (count < 1) {
        throw illegal("maxConnections", count, ">= 1");
      }
      maxConnections = count;
      return this;
    }

    /**
     * How long a connection may be silent while no call is under way. Default 3 min.
     *
     * @param time 3 min to 24 days
     * @return this
     */
    public Builder idleTimeout(Duration time) {
      if (time.compareTo(LEAST_IDLE_TIMEOUT) < 0) {
        throw illegal(
            "idleTimeout",
            time,
            ">= "
                + LEAST_IDLE_TIMEOUT
                + ", because Kitex's clients keep idle connections for 2 min and would lose calls");
      }
      idleTimeout = atMost("idleTimeout", time);
      return this;
    }

    /**
     * How long a message may take from its first byte to its last. Default 5 s.
     *
     * @param time positive, at most 24 days
     * @return this
     */
    public Builder messageTimeout(Duration time) {
      if (time.isNegative() || time.isZero()) {
        throw illegal("messageTimeout", time, "> PT0S");
      }
      messageTimeout = atMost("messageTimeout", time);
      return this;
    }

    /**
     * Encrypts connections; all of them. For clients in Java: Kitex has no TLS but over gRPC.
     * Default: none.
     *
     * @param context with the server's certificate and key
     * @return this
     */
    public Builder tls(SSLContext context) {
      tls = Optional.of(context);
      return this;
    }

    /**
     * Starts the server.
     *
     * @return the running server
     * @throws IOException if it cannot listen
     * @throws IllegalStateException if no service or no address was given
     * @throws IllegalArgumentException if two services have the same name
     */
    public KitexServer start() throws IOException {
      if (services.isEmpty()) {
        throw new IllegalStateException("service: none (expected: service(service) before start)");
      }
      InetSocketAddress where =
          address.orElseThrow(
              () ->
                  new IllegalStateException(
                      "listen: not set (expected: listen(new InetSocketAddress(8888)) before start)"));
      var router = new Router(services);
      Optional<ExecutorService> own =
          executor.isPresent() ? Optional.empty() : Optional.of(HandlerThreads.newPool());
      var connections =
          new ServerConnections(
              new ServerSettings(
                  router,
                  executor.or(() -> own).orElseThrow(),
                  maxFrameBytes,
                  maxConnections,
                  idleTimeout,
                  messageTimeout,
                  tls));
      return new KitexServer(bind(where, connections), connections, own);
    }

    private static Channel bind(InetSocketAddress where, ServerConnections connections)
        throws IOException {
      EventLoopGroup io = IoThreads.acquire();
      ChannelFuture bound =
          new ServerBootstrap()
              .group(io)
              .channel(NioServerSocketChannel.class)
              .childHandler(connections)
              .childOption(ChannelOption.TCP_NODELAY, true)
              .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
              .bind(where)
              .awaitUninterruptibly();
      if (!bound.isSuccess()) {
        IoThreads.release();
        throw new IOException(
            "cannot listen on " + where + ": " + bound.cause().getMessage(), bound.cause());
      }
      return bound.channel();
    }

    private static Duration atMost(String name, Duration time) {
      if (time.compareTo(MOST_TIMEOUT) > 0) {
        throw illegal(name, time, "<= " + MOST_TIMEOUT);
      }
      return time;
    }

    private static IllegalArgumentException illegal(String name, Object value, String expected) {
      return new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
    }
  }
}
