package io.registryetcd.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP proxy on loopback that stands between a client and etcd, and breaks connections as networks
 * do.
 *
 * <pre>{@code
 * try (FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
 *   // a client connects to proxy.endpoint()
 *   proxy.blackhole(); // silence, but no end of the connection
 *   proxy.reset(); // RST to both sides
 *   proxy.pass(); // all is well again for new connections
 * }
 * }</pre>
 *
 * <p>Faults hold for the connections that exist and for new ones, until {@link #pass()}; faults of
 * different kinds add up. {@link #reset()}, {@link #halfClose} and {@link #closeConnections()} are
 * single acts on the connections that exist.
 *
 * <p>On plaintext HTTP/2 connections the proxy can also cut at the boundary of a frame. Everything
 * else, TLS too, passes as bytes.
 *
 * <p>Thread-safe. Predicates and observers are called on the proxy's threads, one direction of one
 * connection at a time, and must not block. {@link #close()} ends all connections and threads.
 *
 * @since 0.1.0
 */
public final class FaultProxy implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FaultProxy.class);
  private static final String HOST = "127.0.0.1";
  private static final int CONNECT_MILLIS = 5000;

  private final InetSocketAddress target;
  private final int port;
  private final ProxyListener listener;
  private final ProxyLine toTarget = new ProxyLine();
  private final ProxyLine toClient = new ProxyLine();
  private final List<FrameRule> rules = new CopyOnWriteArrayList<>();
  private final Set<ProxyConnection> connections = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger cuts = new AtomicInteger();
  private volatile Predicate<byte[]> banned = head -> false;
  private boolean closed;

  private FaultProxy(InetSocketAddress target, int port) {
    this.target = target;
    this.port = port;
    this.listener = new ProxyListener(this, new InetSocketAddress(HOST, port));
  }

  /**
   * Starts a proxy that passes everything.
   *
   * @param target the address of etcd, {@code host:port}; nothing needs to listen there yet
   * @return a listening proxy
   */
  public static FaultProxy to(String target) {
    URI uri = URI.create("tcp://" + target);
    if (uri.getHost() == null || uri.getPort() < 0) {
      throw new IllegalArgumentException("target: " + target + " (expected: host:port)");
    }
    FaultProxy proxy =
        new FaultProxy(new InetSocketAddress(uri.getHost(), uri.getPort()), Ports.reserve(HOST));
    proxy.listener.open();
    return proxy;
  }

  /**
   * Where clients connect.
   *
   * @return for example {@code 127.0.0.1:23790}; the same for the life of the proxy
   */
  public String endpoint() {
    return HOST + ":" + port;
  }

  /**
   * The port of {@link #endpoint()}.
   *
   * @return the port
   */
  public int port() {
    return port;
  }

  /**
   * Ends all faults. Stalled bytes flow again. A connection that lost bytes stays silent in that
   * direction, as one does whose state a firewall forgot; it is closed as soon as one side has left
   * it.
   */
  public void pass() {
    rules.clear();
    banned = head -> false;
    toTarget.pass();
    toClient.pass();
    connections.forEach(ProxyConnection::pass);
    listener.open();
  }

  /**
   * Delays bytes in both directions, each by at least this time and at most twice.
   *
   * @param time the delay
   */
  public void delay(Duration time) {
    delay(Direction.TO_TARGET, time);
    delay(Direction.TO_CLIENT, time);
  }

  /**
   * Delays bytes in one direction, by at least this time and at most twice.
   *
   * @param direction the direction
   * @param time the delay
   */
  public void delay(Direction direction, Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("time: " + time + " (expected: not negative)");
    }
    line(direction).delay(time);
  }

  /** Loses all bytes in both directions, without ending a connection. */
  public void blackhole() {
    blackhole(Direction.TO_TARGET);
    blackhole(Direction.TO_CLIENT);
  }

  /**
   * Loses all bytes in one direction: they are read, and nobody gets them. New connections are
   * accepted. The end of a connection is not passed on either.
   *
   * @param direction the direction
   */
  public void blackhole(Direction direction) {
    line(direction).mode(ProxyLine.Mode.DROP);
  }

  /** Holds all bytes in both directions, as a frozen host does. */
  public void stall() {
    stall(Direction.TO_TARGET);
    stall(Direction.TO_CLIENT);
  }

  /**
   * Holds all bytes in one direction: they are not read, so buffers fill up, and {@link #pass()}
   * lets them through.
   *
   * @param direction the direction
   */
  public void stall(Direction direction) {
    line(direction).mode(ProxyLine.Mode.STALL);
  }

  /**
   * Closes (FIN to both sides) the connection that carries the n-th byte from now in this
   * direction, right after that byte; once.
   *
   * @param bytes how many bytes pass before
   * @param direction the direction
   */
  public void cutAfter(long bytes, Direction direction) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 0)");
    }
    line(direction).cutAfter(bytes);
  }

  /**
   * Closes (FIN to both sides) the connection of the first frame that matches, before the frame
   * passes; once.
   *
   * @param direction the direction of the frame
   * @param predicate which frame
   */
  public void cutBeforeFrame(Direction direction, Predicate<Http2Frame> predicate) {
    rules.add(FrameRule.cut(direction, predicate, FrameRule.Verdict.CUT_BEFORE));
  }

  /**
   * Closes (FIN to both sides) the connection of the first frame that matches, after the frame has
   * passed; once.
   *
   * @param direction the direction of the frame
   * @param predicate which frame
   */
  public void cutAfterFrame(Direction direction, Predicate<Http2Frame> predicate) {
    rules.add(FrameRule.cut(direction, predicate, FrameRule.Verdict.CUT_AFTER));
  }

  /**
   * Closes (FIN to both sides) the connection when the answer to a matching request arrives, before
   * any of it passes; once. The request has been executed, and the client cannot know.
   *
   * @param request which request: tested on the DATA frames to the target
   */
  public void cutReply(Predicate<Http2Frame> request) {
    rules.add(FrameRule.cutReply(request));
  }

  /**
   * Shows each frame of one direction to an observer before it passes, until {@link #pass()}.
   *
   * @param direction the direction
   * @param observer called with each frame
   */
  public void onFrame(Direction direction, Consumer<Http2Frame> observer) {
    rules.add(FrameRule.observe(direction, observer));
  }

  /**
   * Sends a FIN to the receivers of this direction, now; their own bytes still get through. What
   * the senders send later is lost.
   *
   * @param direction the direction
   */
  public void halfClose(Direction direction) {
    List.copyOf(connections).forEach(connection -> connection.halfClose(direction));
  }

  /** Resets (RST) both sides of all connections, now. */
  public void reset() {
    List.copyOf(connections).forEach(ProxyConnection::reset);
  }

  /** Closes (FIN) both sides of all connections, now. */
  public void closeConnections() {
    List.copyOf(connections).forEach(ProxyConnection::close);
  }

  /** Stops to listen, so that new connections are refused; those that exist go on. */
  public void refuse() {
    listener.refuse();
  }

  /**
   * The connections that exist.
   *
   * @return how many
   */
  public int connections() {
    return connections.size();
  }

  /**
   * The connections that were ever accepted.
   *
   * @return how many
   */
  public int accepted() {
    return accepted.get();
  }

  /**
   * The connections that were cut, by {@link #cutAfter}, {@link #cutBeforeFrame}, {@link
   * #cutAfterFrame} or {@link #cutReply}.
   *
   * @return how many
   */
  public int cuts() {
    return cuts.get();
  }

  /**
   * The bytes that got through on all connections.
   *
   * @param direction the direction
   * @return how many
   */
  public long bytes(Direction direction) {
    return line(direction).forwarded();
  }

  /** Resets all connections and ends all threads. Idempotent. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    listener.close();
    reset();
    threads.stream().filter(t -> t != Thread.currentThread()).forEach(FaultProxy::join);
    Ports.release(port);
  }

  @Override
  public String toString() {
    return "FaultProxy " + endpoint() + " -> " + target.getHostString() + ":" + target.getPort();
  }

  /** Makes connections silent for ever whose first bytes match, also those that exist. */
  void ban(Predicate<byte[]> heads) {
    banned = heads;
    connections.forEach(this::headSeen);
  }

  void headSeen(ProxyConnection connection) {
    byte[] head = connection.head();
    if (head != null && banned.test(head)) {
      connection.kill(Direction.TO_TARGET);
      connection.kill(Direction.TO_CLIENT);
    }
  }

  ProxyLine line(Direction direction) {
    return direction == Direction.TO_TARGET ? toTarget : toClient;
  }

  FrameRule.Verdict judge(Direction direction, Http2Frame frame) {
    for (FrameRule rule : rules) {
      FrameRule.Verdict verdict = rule.judge(direction, frame);
      if (verdict != FrameRule.Verdict.PASS) {
        return useUp(rule) ? verdict : FrameRule.Verdict.PASS;
      }
    }
    return FrameRule.Verdict.PASS;
  }

  /** False if another connection used the rule at the same moment. */
  private boolean useUp(FrameRule rule) {
    return rules.remove(rule);
  }

  void cutDone() {
    cuts.incrementAndGet();
  }

  /** How many bytes were lost in this direction. */
  long lost(Direction direction) {
    return line(direction).lost();
  }

  /** How many connections are over, though one of their sides cannot know yet. */
  long hiddenEnds() {
    return connections.stream().filter(ProxyConnection::isEndHidden).count();
  }

  void failed(RuntimeException failure) {
    LOG.warn("a frame predicate failed on {}", this, failure);
  }

  void ended(ProxyConnection connection) {
    connections.remove(connection);
    toTarget.wake();
    toClient.wake();
  }

  Thread thread(String name, Runnable task) {
    // only those that have really ended, so that close() waits for all others
    threads.removeIf(known -> known.getState() == Thread.State.TERMINATED);
    Thread thread = new Thread(task, "fault-proxy-" + port + "-" + name);
    thread.setDaemon(true);
    threads.add(thread);
    return thread;
  }

  /** A new client: connected to the target, or reset if the target refuses. */
  void connect(Socket client) throws IOException {
    Socket server = new Socket();
    try {
      server.setTcpNoDelay(true);
      server.connect(target, CONNECT_MILLIS);
    } catch (IOException e) {
      client.setSoLinger(true, 0);
      client.close();
      return;
    }
    ProxyConnection connection =
        new ProxyConnection(this, accepted.incrementAndGet(), client, server);
    synchronized (this) {
      if (closed) {
        connection.reset();
        return;
      }
      connections.add(connection);
    }
    connection.start();
  }

  static void join(Thread thread) {
    try {
      thread.join(Duration.ofSeconds(2).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The way of bytes through the proxy. */
  public enum Direction {
    /** From the client to etcd. */
    TO_TARGET,
    /** From etcd to the client. */
    TO_CLIENT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }
}
