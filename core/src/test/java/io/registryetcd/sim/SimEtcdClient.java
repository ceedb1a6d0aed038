package io.registryetcd.sim;

import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.LeaseStream;
import io.registryetcd.etcd.RangeResponse;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.TxnResponse;
import io.registryetcd.etcd.WatchStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The client of one simulated process: the contract of {@link EtcdClient} on a network that delays,
 * holds up, cuts and forgets.
 */
public final class SimEtcdClient implements EtcdClient {

  private static final long DEADLINE = Duration.ofSeconds(3).toNanos();
  private static final int SPIKE = 10;
  private static final long WINDOW = Duration.ofSeconds(1).toNanos();

  final SimEtcd etcd;
  final Host host;
  private final long latency;
  private final List<Integer> endpoints;
  private final Set<SimMoment> traps = EnumSet.noneOf(SimMoment.class);
  private final Deque<Long> attempts = new ArrayDeque<>();
  private int current;
  private @Nullable SimConnection connection;
  private @Nullable SimStream watchStream;
  private @Nullable SimStream leaseStream;
  private boolean partitioned;
  private boolean closed;
  private long lastActivity;
  private int mostAttempts;
  private int unknownOutcomes;
  private final SimHearing hearing;
  private long failedAt = -1;
  private long lastPause;
  private int pausesWithoutJitter;

  /** A client of {@code host} that knows some members. */
  public SimEtcdClient(SimEtcd etcd, Host host, List<Integer> endpoints, Duration latency) {
    this.etcd = etcd;
    this.host = host;
    this.endpoints = List.copyOf(endpoints);
    this.latency = latency.toNanos();
    this.hearing = new SimHearing(etcd.scheduler);
  }

  // --- the contract

  @Override
  public CompletableFuture<RangeResponse> range(RangeRequest request) {
    etcd.trace.add(name(), "range %s", request.key());
    return call(SimMoment.RANGE, requests -> requests.range(request));
  }

  @Override
  public CompletableFuture<TxnResponse> txn(Txn txn) {
    etcd.trace.add(name(), "txn %s", new SimText(txn));
    return call(SimMoment.TXN, requests -> requests.txn(txn));
  }

  @Override
  public CompletableFuture<LeaseGrant> leaseGrant(long leaseId, long ttlSeconds) {
    etcd.trace.add(name(), "grant %x", leaseId);
    return call(SimMoment.GRANT, requests -> requests.grant(leaseId, ttlSeconds));
  }

  @Override
  public CompletableFuture<Header> leaseRevoke(long leaseId) {
    etcd.trace.add(name(), "revoke %x", leaseId);
    return call(SimMoment.REVOKE, requests -> requests.revoke(leaseId));
  }

  @Override
  public LeaseStream openLeaseStream(LeaseStream.Listener listener) {
    etcd.trace.add(name(), "opens a lease stream");
    attempt();
    SimLeaseStream stream = new SimLeaseStream(connection(), listener);
    leaseStream = stream;
    listener.onLoggedIn();
    return stream;
  }

  @Override
  public WatchStream openWatchStream(WatchStream.Listener listener) {
    etcd.trace.add(name(), "opens a watch stream");
    attempt();
    SimWatchStream stream = new SimWatchStream(connection(), listener);
    watchStream = stream;
    return stream;
  }

  @Override
  public void leaveEndpoint(String endpoint, String reason) {
    if (endpoints.size() > 1 && endpoint.equals(endpoint())) {
      SimConnection present = connection;
      if (present == null) {
        nextEndpoint();
      } else {
        present.fail(Kind.UNAVAILABLE, "left: " + reason);
      }
    }
  }

  @Override
  public String endpoint() {
    return etcd.member(endpoints.get(current)).toString();
  }

  @Override
  public void close() {
    closed = true;
    end(Kind.CLOSED, "client closed");
  }

  // --- how it works

  private <T> CompletableFuture<T> call(SimMoment moment, Function<SimRequests, T> request) {
    if (closed) {
      return CompletableFuture.failedFuture(
          new EtcdException(Kind.CLOSED, endpoint(), "client closed"));
    }
    attempt();
    return new SimCall<>(connection(), moment, request).start(DEADLINE);
  }

  private SimConnection connection() {
    SimConnection present = connection;
    if (present == null) {
      present = new SimConnection(this, etcd.member(endpoints.get(current)));
      connection = present;
    }
    return present;
  }

  private void nextEndpoint() {
    current = (current + 1) % endpoints.size();
  }

  private void end(Kind kind, String why) {
    SimConnection present = connection;
    if (present != null) {
      present.fail(kind, why);
    }
  }

  int endpointCount() {
    return endpoints.size();
  }

  long latency() {
    int spike = etcd.random.nextInt(50) == 0 ? SPIKE : 1;
    return latency / 2 + etcd.random.nextLong(latency) * spike;
  }

  void connectionEnded(SimConnection ended) {
    if (connection == ended) {
      connection = null;
      nextEndpoint();
    }
  }

  void deadlinePassed(SimConnection over, boolean silent) {
    if (silent && endpoints.size() > 1 && etcd.random.nextBoolean()) {
      over.fail(Kind.UNAVAILABLE, "does not answer");
    }
  }

  /** A moment of this client's has come; springs the trap for it, if there is one. */
  void reached(SimConnection at, SimMoment moment) {
    if (traps.remove(moment)) {
      at.fail(Kind.UNAVAILABLE, "cut after " + moment);
    }
  }

  void heard(Header header, int life, boolean linearizable) {
    hearing.heard(header, life, linearizable);
  }

  private void attempt() {
    long now = etcd.scheduler.now();
    if (failedAt >= 0 && now > failedAt) {
      long pause = now - failedAt;
      pausesWithoutJitter += pause == lastPause || pause == 2 * lastPause ? 1 : 0;
      lastPause = pause;
      failedAt = -1;
    }
    lastActivity = now;
    attempts.addLast(now);
    while (attempts.getFirst() <= now - WINDOW) {
      attempts.removeFirst();
    }
    mostAttempts = Math.max(mostAttempts, attempts.size());
  }

  // --- what the scenario does to it

  /** Its process. */
  public Host host() {
    return host;
  }

  /** The name of its process. */
  public String name() {
    return host.toString();
  }

  /** Cuts the connection; the client learns of it at once. */
  public void cut() {
    end(Kind.UNAVAILABLE, "cut");
  }

  /** Cuts the connection as soon as a moment has come. */
  public void cutAfter(SimMoment moment) {
    traps.add(moment);
  }

  /** Springs no trap any more. */
  public void disarm() {
    traps.clear();
  }

  /** Holds up what is sent on the present connection, in one direction or both. */
  public void block(boolean toEtcd, boolean fromEtcd) {
    SimConnection present = connection;
    if (present != null) {
      etcd.trace.add("fault", "block %s%s%s", name(), toEtcd ? " to" : "", fromEtcd ? " from" : "");
      present.block(toEtcd, fromEtcd);
    }
  }

  /** Holds up everything, and lets no new connection come up. */
  public void partition() {
    block(true, true);
    partitioned = true;
  }

  boolean isPartitioned() {
    return partitioned;
  }

  /** Ends {@link #block} and {@link #partition}. */
  public void unblock() {
    partitioned = false;
    SimConnection present = connection;
    if (present != null) {
      present.unblock();
    }
  }

  /** Makes etcd cancel one of its watches, without a reason. */
  public void cancelAnyWatch() {
    if (watchStream instanceof SimWatchStream stream && stream.cancelAny()) {
      etcd.trace.add("fault", "cancel a watch of %s", name());
    }
  }

  /** Ends both streams from etcd's side, cleanly, while the connection stays. */
  public void endStreams() {
    SimConnection present = connection;
    if (present != null) {
      present.endStreamsWithoutLeader();
    }
  }

  /** What becomes of its connection when the process is killed. */
  public void crash() {
    host.kill();
    end(Kind.CLOSED, "process killed");
  }

  // --- what the checks look at

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return closed;
  }

  /** Which headers it was told. */
  public SimHearing hearing() {
    return hearing;
  }

  /** How many transactions have ended without an answer. */
  public int unknownOutcomes() {
    return unknownOutcomes;
  }

  void callFailed(SimMoment moment) {
    failedAt = etcd.scheduler.now();
    unknownOutcomes += moment == SimMoment.TXN ? 1 : 0;
  }

  /** The most calls and streams that were begun within one second. */
  public int mostAttempts() {
    return mostAttempts;
  }

  /** When the last call or stream was begun, or a stream ended. */
  public long lastActivity() {
    return lastActivity;
  }

  void streamEnded(boolean failed) {
    lastActivity = etcd.scheduler.now();
    failedAt = failed ? lastActivity : -1;
  }

  /**
   * How often the pause after a failure was the same as the one before, or twice as long, to the
   * nanosecond.
   */
  public int pausesWithoutJitter() {
    return pausesWithoutJitter;
  }

  /** The longest time that a message takes. */
  public long longestLatency() {
    return latency / 2 + latency * SPIKE;
  }

  /** Whether a stream of watches is open, as far as the client knows. */
  public boolean hasOpenWatchStream() {
    return isOpen(watchStream);
  }

  /** Whether a stream is open, as far as the client knows. */
  public boolean hasOpenStream() {
    return isOpen(watchStream) || isOpen(leaseStream);
  }

  private static boolean isOpen(@Nullable SimStream stream) {
    return stream != null && stream.isOpen();
  }
}
