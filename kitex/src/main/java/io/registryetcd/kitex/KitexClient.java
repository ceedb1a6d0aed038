package io.registryetcd.kitex;

import io.grpc.Channel;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import io.registryetcd.EtcdResolver;
import io.registryetcd.ServiceView;
import io.registryetcd.kitex.wire.Message.Protocol;
import io.registryetcd.kitex.wire.MessageDecoder;
import io.registryetcd.loadbalance.LoadBalancer;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/**
 * Calls one service, on Kitex or on {@link KitexServer}: finds its instances, spreads the calls
 * over them and keeps connections to them.
 *
 * <pre>{@code
 * try (KitexClient client = KitexClient.create("127.0.0.1:2379", "Hello")) {
 *   // Thrift, with the client that the Thrift compiler generated
 *   Hello.Iface hello =
 *       KitexThriftClient.of(client, new Hello.Client.Factory()).proxy(Hello.Iface.class);
 *   hello.echo(request);
 *
 *   // Kitex-Protobuf, with the stub that the gRPC compiler generated
 *   EchoGrpc.newBlockingStub(client.channel()).echo(request);
 * }
 * }</pre>
 *
 * <p>Make one for each service and share it: it is safe for use by many threads. One connection
 * carries one call at a time, so there are as many as there are calls at once; then up to 10 for
 * each instance are kept for 1 min. The connections to an instance end as soon as its key is gone
 * from etcd, when the calls on them have ended. The number of threads does not depend on that of
 * calls, connections or clients.
 *
 * <p><b>Once or not at all.</b> A call is tried again, with another instance, only while none of
 * its bytes has been given to a connection: when an instance cannot be connected to, or all its
 * connections are in use. There are 6 attempts at most, each with an instance that was not tried
 * before. A connection that was closed while it was idle is replaced, without an error. From the
 * moment when a request begins to be written the call may have run, whatever happens then: a closed
 * connection, a late reply or a cancellation fails it, and its connection is closed.
 *
 * @since 0.1
 */
public final class KitexClient implements AutoCloseable {

  private final RequestEncoder encoder;
  private final Duration callTimeout;
  private final Executor executor;
  private final EventLoopGroup threads;
  private final ConnectionPool pool;
  private final Instances instances;
  private final Optional<EtcdResolver> ownResolver;
  private final AtomicInteger sequence = new AtomicInteger();
  private final Set<OutgoingCall> calls = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  private KitexClient(Builder settings, ServiceView view) {
    this.encoder =
        new RequestEncoder(
            view.service(),
            settings.framing,
            settings.idlService,
            settings.callerName,
            settings.connectTimeout);
    this.callTimeout = settings.callTimeout;
    this.executor = settings.executor;
    this.threads = IoThreads.acquire();
    this.pool =
        new ConnectionPool(
            new Connector(threads, settings.connectTimeout, settings.tls),
            new ConnectionPool.Limits(
                settings.maxConnections, settings.maxIdleConnections, settings.maxIdleTime),
            settings.maxFrameBytes);
    this.instances = Instances.follow(view, settings.resolver, settings.balancer, pool::drop);
    this.ownResolver = settings.ownsResolver ? Optional.of(settings.resolver) : Optional.empty();
  }

  /**
   * A client with all defaults and a resolver of its own.
   *
   * @param endpoint where etcd listens, such as {@code 127.0.0.1:2379}
   * @param service the service's name in the registry
   * @return the client, to be closed by the caller
   * @throws IllegalArgumentException if the name is illegal
   */
  public static KitexClient create(String endpoint, String service) {
    EtcdResolver resolver = EtcdResolver.create(endpoint);
    try {
      Builder builder = builder(resolver, service);
      builder.ownsResolver = true;
      return builder.build();
    } catch (RuntimeException e) {
      resolver.close();
      throw e;
    }
  }

  /**
   * Begins to describe a client.
   *
   * @param resolver where instances are found; not closed by the client
   * @param service the service's name in the registry
   * @return a new builder
   */
  public static Builder builder(EtcdResolver resolver, String service) {
    return new Builder(resolver, service);
  }

  /**
   * A gRPC channel over Kitex-Protobuf: generated stubs work with it unchanged, as do deadlines,
   * cancellation, executors and interceptors.
   *
   * <p>{@code pkg.Service/Method} becomes Kitex's {@code Service} and {@code Method}. Metadata in
   * gRPC's sense is not sent; {@link CallMetadata} is. A deadline, of the stub or of the {@link
   * io.grpc.Context}, replaces {@link Builder#callTimeout}. Only unary methods exist in this
   * protocol; others fail with UNIMPLEMENTED. What else a call ends with:
   *
   * <ul>
   *   <li>UNAVAILABLE: there is no instance, none could be connected to, or the connection ended
   *       before the reply; only in the last case the call may have run
   *   <li>DEADLINE_EXCEEDED, CANCELLED: may have run
   *   <li>UNIMPLEMENTED: the server knows no such service or method
   *   <li>UNKNOWN: the handler failed; with its text
   *   <li>INTERNAL: a reply, or on the server a request, that cannot be read; or a reply that the
   *       executor refuses
   *   <li>INTERNAL whose cause is a {@link BizStatusException}: the application's status
   * </ul>
   *
   * @return the channel; it ends with this client
   * @throws IllegalStateException if the framing is none for Kitex-Protobuf
   */
  public Channel channel() {
    Framing framing = encoder.framing(Protocol.PROTOBUF);
    if (framing != Framing.FRAMED && framing != Framing.TTHEADER_FRAMED) {
      throw new IllegalStateException(
          "framing: " + framing + " (expected: FRAMED or TTHEADER_FRAMED for Kitex-Protobuf)");
    }
    return new KitexChannel(this);
  }

  /**
   * Ends it: idle connections are closed, calls under way fail, and so do later ones. May be called
   * more than once.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      instances.close();
      calls.forEach(KitexClient::cancelForClose);
      pool.close();
      ownResolver.ifPresent(EtcdResolver::close);
      IoThreads.release();
    }
  }

  private static void cancelForClose(OutgoingCall call) {
    call.cancel("the client is closed", null);
  }

  /**
   * Begins a call.
   *
   * @throws IllegalArgumentException if the request does not fit into a message
   */
  OutgoingCall start(Request request) {
    ByteBuf bytes = encoder.encode(request);
    var call = new OutgoingCall(service(), request, bytes, instances, pool);
    calls.add(call);
    call.result().whenComplete((reply, failure) -> calls.remove(call));
    if (closed.get()) {
      cancelForClose(call);
    }
    call.start(threads);
    return call;
  }

  /** Never 0, which means "none". */
  int nextSequence() {
    return sequence.updateAndGet(last -> last == Integer.MAX_VALUE ? 1 : last + 1);
  }

  String service() {
    return encoder.service();
  }

  Duration callTimeout() {
    return callTimeout;
  }

  Executor executor() {
    return executor;
  }

  static Duration checkedCallTimeout(Duration timeout) {
    return Builder.atLeast("callTimeout", timeout, Duration.ZERO);
  }

  /**
   * Describes a {@link KitexClient}. Not safe for use by several threads.
   *
   * @since 0.1
   */
  public static final class Builder {

    private static final Duration MOST = Duration.ofDays(24);

    private final EtcdResolver resolver;
    private final String service;
    private boolean ownsResolver;
    private LoadBalancer balancer = LoadBalancer.weightedRoundRobin();
    private Optional<Framing> framing = Optional.empty();
    private Optional<String> idlService = Optional.empty();
    private Optional<String> callerName = Optional.empty();
    private Optional<SSLContext> tls = Optional.empty();
    private Duration connectTimeout = Duration.ofSeconds(1);
    private Duration callTimeout = Duration.ofSeconds(10);
    private int maxConnections = -1;
    private int maxIdleConnections = 10;
    private Duration maxIdleTime = Duration.ofMinutes(1);
    private int maxFrameBytes = MessageDecoder.DEFAULT_MAX_FRAME_BYTES;
    private Executor executor = ClientThreads.CALLBACKS;

    private Builder(EtcdResolver resolver, String service) {
      this.resolver = resolver;
      this.service = service;
    }

    /**
     * How calls are spread. Default {@link LoadBalancer#weightedRoundRobin()}.
     *
     * @param balancer makes a picker for each new list of instances
     * @return this
     */
    public Builder loadBalancer(LoadBalancer balancer) {
      this.balancer = balancer;
      return this;
    }

    /**
     * How requests are wrapped; a reply may be wrapped in any way. Default as in Kitex: {@link
     * Framing#FRAMED} for Thrift, and {@link Framing#TTHEADER_FRAMED} for Kitex-Protobuf, which
     * knows only these two. Metadata and Kitex's biz status need one of those with a TTHeader.
     *
     * @param framing for all requests
     * @return this
     */
    public Builder framing(Framing framing) {
      this.framing = Optional.of(framing);
      return this;
    }

    /**
     * The service's name in the IDL, which the server routes by ({@code isn}). Default what the
     * generated code says.
     *
     * @param name such as {@code Hello}
     * @return this
     */
    public Builder idlService(String name) {
      this.idlService = Optional.of(name);
      return this;
    }

    /**
     * The name by which servers know this caller (Kitex: FromService). Default none.
     *
     * @param name of the service that the caller is
     * @return this
     */
    public Builder callerName(String name) {
      this.callerName = Optional.of(name);
      return this;
    }

    /**
     * How long it may take to connect to one instance, lookup of its name and TLS included. Default
     * 1 s (Kitex: 50 ms, which a paused JVM or a lost packet exceeds).
     *
     * @param timeout at least 1 ms
     * @return this
     */
    public Builder connectTimeout(Duration timeout) {
      connectTimeout = atLeast("connectTimeout", timeout, Duration.ofMillis(1));
      return this;
    }

    /**
     * How long a call may take in all: to find an instance, to connect, to get the reply. Default
     * 10 s (Kitex: no limit). The server is told.
     *
     * @param timeout zero for no limit
     * @return this
     */
    public Builder callTimeout(Duration timeout) {
      callTimeout = checkedCallTimeout(timeout);
      return this;
    }

    /**
     * How many connections to one instance there may be. When all are in use a call goes to another
     * instance, and fails if that is so for each. Default no limit.
     *
     * @param number above 0
     * @return this
     */
    public Builder maxConnections(int number) {
      maxConnections = atLeast("maxConnections", number, 1);
      return this;
    }

    /**
     * How many idle connections to one instance are kept. Default 10.
     *
     * @param number 0 for a new connection for each call
     * @return this
     */
    public Builder maxIdleConnections(int number) {
      maxIdleConnections = atLeast("maxIdleConnections", number, 0);
      return this;
    }

    /**
     * For how long an idle connection is kept, give or take a half. Default 1 min.
     *
     * @param time at least 2 ms; below the idle time of the servers, if they have one
     * @return this
     */
    public Builder maxIdleTime(Duration time) {
      maxIdleTime = atLeast("maxIdleTime", time, Duration.ofMillis(2));
      return this;
    }

    /**
     * How large a reply may be. Default 16 MiB.
     *
     * @param bytes above 0
     * @return this
     */
    public Builder maxFrameBytes(int bytes) {
      maxFrameBytes = atLeast("maxFrameBytes", bytes, 1);
      return this;
    }

    /**
     * Where callbacks of users run: what follows asynchronous calls, and the listeners of a channel
     * whose stubs have no executor. Never closed by the client. Default a few threads of all
     * clients, so callbacks that block for long need an executor of their own. An executor that
     * runs tasks in the thread that hands them over runs them on I/O threads, which all servers and
     * clients of the JVM share: there a call that blocks may wait for its own thread. Where one
     * refuses a task, the call fails on the thread at hand.
     *
     * @param executor the executor
     * @return this
     */
    public Builder executor(Executor executor) {
      this.executor = executor;
      return this;
    }

    /**
     * Speaks TLS, which only servers of this library do (Kitex has none for these protocols). The
     * instance's host, mostly an IP address, must be in the server's certificate.
     *
     * @param context whom to trust, and who one is
     * @return this
     */
    public Builder tls(SSLContext context) {
      this.tls = Optional.of(context);
      return this;
    }

    /**
     * Makes the client, which begins to look up the instances. Does not wait for them, nor connect
     * to any.
     *
     * @return the client, to be closed by the caller
     * @throws IllegalArgumentException if the service's name is illegal
     * @throws IllegalStateException if the resolver is closed
     */
    public KitexClient build() {
      return new KitexClient(this, resolver.view(service));
    }

    private static Duration atLeast(String name, Duration value, Duration least) {
      if (value.compareTo(least) < 0 || value.compareTo(MOST) > 0) {
        throw new IllegalArgumentException(
            name + ": " + value + " (expected: " + least + " to " + MOST + ")");
      }
      return value;
    }

    private static int atLeast(String name, int value, int least) {
      if (value < least) {
        throw new IllegalArgumentException(
            name + ": " + value + " (expected: at least " + least + ")");
      }
      return value;
    }
  }
}
