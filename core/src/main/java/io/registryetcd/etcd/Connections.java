package io.registryetcd.etcd;

import io.grpc.Status;
import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.rpc.ResponseHeader;
import io.registryetcd.etcd.rpc.StatusRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The choice of the endpoint: all calls and streams go to one, and one that does not connect, does
 * not answer, cannot serve or is of another cluster is left for the next. A single endpoint that is
 * left gets a new connection. Used on the client's thread only, but for {@link #endpoint()}.
 *
 * <p>The choice is made here and not by gRPC, which for two addresses of one channel stays with a
 * frozen first one for ever: its kernel still accepts connections.
 */
final class Connections {

  private static final Logger log = LoggerFactory.getLogger(Connections.class);

  private final ClientThread thread;
  private final Channels channels;
  private final EndpointChoice choice;
  private final ClusterPin pin;
  private final Duration connectTimeout;
  private final List<Connection> retired = new ArrayList<>();
  private volatile Endpoint endpoint;
  private @Nullable Connection current;
  private @Nullable Connection awaited;
  private @Nullable ClusterProbe probe;
  private String lastReason = "not connected";
  private boolean troubled;
  private boolean closed;

  Connections(EtcdClientConfig config, Channels channels, ClientThread thread) {
    this.thread = thread;
    this.channels = channels;
    choice = new EndpointChoice(config.endpoints());
    endpoint = choice.current();
    pin = new ClusterPin(endpoint);
    connectTimeout = config.connectTimeout();
  }

  /** The endpoint in use; from any thread. */
  Endpoint endpoint() {
    return endpoint;
  }

  /**
   * The connection for a new call or stream.
   *
   * @throws EtcdException if the client is closed, or if every endpoint failed a moment ago
   */
  Connection acquire() {
    if (closed) {
      throw closed();
    }
    Connection connection = current;
    if (connection != null && connection.lost()) {
      connection.retire();
      keepUntilTerminated(connection);
      connection = null;
    }
    if (connection == null) {
      connection = open();
      current = connection;
    }
    expectAnswer(connection);
    return connection;
  }

  /**
   * Hands over the connection for a new call or stream, once its endpoint has shown that it belongs
   * to the cluster in use.
   */
  void connect(Token token, Consumer<Connection> onReady, Consumer<EtcdException> onFailure) {
    Connection connection;
    try {
      connection = acquire();
    } catch (EtcdException e) {
      onFailure.accept(e);
      return;
    }
    if (!pin.unconfirmed(connection.endpoint())) {
      onReady.accept(connection);
      return;
    }
    ClusterProbe asking = probe;
    if (asking == null || !asking.asks(connection)) {
      asking = new ClusterProbe(this, connection, thread.now());
      probe = asking;
      asking.start(StatusRequest.getDefaultInstance(), token, connectTimeout.toNanos());
    }
    asking.await(onReady, onFailure);
  }

  /** Notes an answer of any kind, an error of etcd included. */
  void heard(Connection connection) {
    connection.heard(thread.now());
  }

  /** Looks at the header of an answer: null if it may be used, else why it must not be. */
  @Nullable Failure check(Connection connection, String operation, ResponseHeader header) {
    Endpoint from = connection.endpoint();
    long id = header.getClusterId();
    ClusterPin.Verdict verdict = pin.check(from, id);
    if (verdict == ClusterPin.Verdict.SAME) {
      recovered(connection);
      return null;
    }
    if (verdict == ClusterPin.Verdict.RECREATED && connection == current) {
      log.info("etcd {} now answers for the new cluster {}", from, Long.toHexString(id));
      pin.replace(from, id);
      return null;
    }
    String difference = pin.difference(from, id);
    leave(connection, difference);
    return new Failure(
        new EtcdException(Kind.WRONG_CLUSTER, from.text(), operation + ": " + difference),
        Remedy.NONE);
  }

  /**
   * Says what the failure of a call means, and leaves the connection if it is the cause.
   *
   * @param started when the call was sent
   */
  Failure failure(Connection connection, Status status, String operation, long started) {
    String left = connection.leftBecause();
    if (left != null) {
      Kind kind = closed ? Kind.CLOSED : Kind.UNAVAILABLE;
      String message = operation + ": " + left;
      return new Failure(
          new EtcdException(kind, connection.endpoint().text(), message, status.asException()),
          Remedy.LEAVE);
    }
    Failure failure = EtcdErrors.of(status, operation, connection.endpoint());
    if (failure.remedy() == Remedy.LEAVE) {
      leave(connection, failure.reason());
    } else if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      leaveIfSilent(connection, started);
    }
    return failure;
  }

  /** Leaves a connection if it is still the current one. */
  void leave(Connection connection, String reason) {
    if (connection != current) {
      return;
    }
    current = null;
    lastReason = reason;
    Endpoint left = endpoint;
    if (connection.heard()) {
      choice.leave();
    } else {
      choice.leaveFailed(thread.now());
    }
    endpoint = choice.current();
    if (left.equals(endpoint)) {
      // no news: whoever made the call is told of its failure
      log.debug("Connecting to etcd {} anew: {}", left, reason);
    } else {
      Level level = troubled ? Level.DEBUG : Level.WARN;
      log.atLevel(level).log("Leaving etcd {} for {}: {}", left, endpoint, reason);
    }
    troubled = true;
    connection.leave(reason);
    keepUntilTerminated(connection);
  }

  /** Leaves an endpoint if it is still the current one, though it is not known to have failed. */
  void leave(String left, String reason) {
    Connection connection = current;
    if (connection != null && connection.endpoint().text().equals(left)) {
      leave(connection, reason);
    }
  }

  /** Ends all connections; nothing can be acquired any more. */
  void close() {
    closed = true;
    Connection connection = current;
    current = null;
    if (connection != null) {
      retired.add(connection);
    }
    retired.forEach(c -> c.leave("the client was closed"));
  }

  /** Whether all connections are gone. */
  boolean terminated() {
    retired.removeIf(Connection::terminated);
    return retired.isEmpty();
  }

  private void recovered(Connection connection) {
    if (troubled && connection == current) {
      troubled = false;
      log.info("etcd answers at {}", endpoint);
    }
  }

  /** Leaves a connection on which nothing was heard, neither for this call nor for another one. */
  private void leaveIfSilent(Connection connection, long since) {
    if (connection.heardSince(since)) {
      return;
    }
    Duration silence = Duration.ofNanos(thread.now() - since);
    if (silence.compareTo(connectTimeout) >= 0) {
      leave(connection, "no answer for " + silence.toMillis() + " ms");
    } else {
      thread.schedule(connectTimeout.minus(silence), () -> leaveIfSilent(connection, since));
    }
  }

  private void keepUntilTerminated(Connection connection) {
    retired.removeIf(Connection::terminated);
    retired.add(connection);
  }

  private EtcdException closed() {
    return new EtcdException(Kind.CLOSED, endpoint.text(), "the client was closed");
  }

  private Connection open() {
    if (!choice.find(thread.now())) {
      throw new EtcdException(Kind.UNAVAILABLE, endpoint.text(), lastReason);
    }
    endpoint = choice.current();
    try {
      return new Connection(endpoint, channels.open(endpoint));
    } catch (RuntimeException e) {
      throw new EtcdException(Kind.UNAVAILABLE, endpoint.text(), "no channel: " + e, e);
    }
  }

  private void expectAnswer(Connection connection) {
    if (connection == awaited || connection.established()) {
      return;
    }
    awaited = connection;
    thread.schedule(connectTimeout, () -> judge(connection, thread.now()));
  }

  private void judge(Connection connection, long now) {
    if (awaited == connection) {
      awaited = null;
    }
    if (!connection.established() && !connection.heardSince(now - connectTimeout.toNanos())) {
      leave(connection, "no connection within " + connectTimeout.toMillis() + " ms");
    }
  }
}
