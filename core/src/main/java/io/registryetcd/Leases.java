package io.registryetcd;

import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.LeaseStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All leases of a session, and the one stream that renews them.
 *
 * <p>A keepalive that stays unanswered for a third of the time to live (2 s at most) says that the
 * stream is dead though it looks alive: it is opened anew, and if that brings no answer for half
 * the time (1 s at most), at another endpoint, unless this one answers other calls. A stream that
 * waits for the login is not silent: to leave its endpoint would end the login.
 *
 * <p>Changes only on the session's loop.
 */
final class Leases implements LeaseMachine.Effects {

  private static final Logger logger = LoggerFactory.getLogger(Leases.class);
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(2);
  private static final Duration STABLE = Duration.ofSeconds(10);

  private final EtcdSession session;
  private final EtcdClient client;
  private final Loop loop;
  private final RandomGenerator random;
  private final Duration ttl;
  private final Duration retryDelay;
  private final Backoff streamBackoff;

  private final LeaseSlot shared = new LeaseSlot(this);
  private final Set<LeaseSlot> slots = new LinkedHashSet<>(Set.of(shared));
  private final Map<Long, LeaseMachine> machines = new HashMap<>();
  private final Map<LeaseMachine, LeaseSlot> slotOf = new HashMap<>();
  private final Map<LeaseMachine, Loop.Timer> timers = new HashMap<>();
  private final Set<Long> everOurs = new HashSet<>();
  private final CompletableFuture<Void> idle = new CompletableFuture<>();
  private boolean closing;

  private @Nullable LeaseStream stream;
  private int streamNumber;
  private boolean loggedIn;
  private long streamOpenedAt;
  private Loop.@Nullable Timer reopenTimer;
  private Loop.@Nullable Timer silenceTimer;
  private int silences;

  Leases(EtcdSession session, EtcdConfig config) {
    this.session = session;
    this.client = session.client();
    this.loop = session.loop();
    this.random = session.random();
    this.ttl = config.leaseTtl;
    this.retryDelay = config.retry.retryDelay();
    this.streamBackoff = session.newBackoff();
  }

  /** The lease of all registrations but those that were refused under it. */
  LeaseSlot shared() {
    return shared;
  }

  /** A lease for one registration alone. */
  LeaseSlot newSlot() {
    LeaseSlot slot = new LeaseSlot(this);
    slots.add(slot);
    return slot;
  }

  /** Whether this session has ever made that lease. */
  boolean isOurs(long lease) {
    return everOurs.contains(lease);
  }

  /** etcd has another history: what stands under old leases is a ghost, if it is there at all. */
  void onNewIncarnation() {
    List.copyOf(slots).forEach(LeaseSlot::rotate);
  }

  /** Calls {@code done} when no put under the lease can succeed any more. */
  void fence(long lease, Runnable done) {
    if (slots.stream().noneMatch(slot -> slot.fence(lease, done))) {
      done.run();
    }
  }

  void onNotFound(long lease) {
    LeaseMachine machine = machines.get(lease);
    if (machine != null) {
      machine.onLost();
    }
  }

  /** Revokes all leases, whoever still uses them; completes when none is left. */
  CompletableFuture<Void> close() {
    closing = true;
    List.copyOf(slots).forEach(LeaseSlot::close);
    completeIfIdle();
    return idle;
  }

  private void completeIfIdle() {
    if (closing && machines.isEmpty()) {
      idle.complete(null);
    }
  }

  LeaseMachine create(LeaseSlot slot) {
    long id = random.nextLong() >>> 1;
    LeaseMachine machine =
        new LeaseMachine(id, ttl, retryDelay, this, session.newBackoff(), random);
    machines.put(id, machine);
    slotOf.put(machine, slot);
    everOurs.add(id);
    return machine;
  }

  Duration jitter(Duration most) {
    return Jitter.upTo(most, random);
  }

  // What the machines ask for.

  @Override
  public void grant(LeaseMachine lease) {
    session.call(
        client.leaseGrant(lease.id(), ttl.toSeconds()),
        EtcdClient.LeaseGrant::header,
        grant -> lease.onGranted(Duration.ofSeconds(grant.ttlSeconds())),
        lease::onGrantFailed);
  }

  @Override
  public void revoke(LeaseMachine lease) {
    session.call(
        client.leaseRevoke(lease.id()),
        header -> header,
        header -> lease.onRevoked(),
        cause -> {
          if (cause.kind() == EtcdException.Kind.LEASE_NOT_FOUND) {
            lease.onRevoked();
          } else {
            lease.onRevokeFailed(cause);
          }
        });
  }

  @Override
  public void keepAlive(LeaseMachine lease) {
    if (stream == null && reopenTimer == null) {
      openStream();
    } else if (stream != null && loggedIn) {
      stream.keepAlive(lease.id());
      expectAnswer(lease);
    }
  }

  @Override
  public void startTimer(LeaseMachine lease, Duration delay) {
    Loop.Timer before = timers.put(lease, loop.schedule(delay, lease::onTimer));
    if (before != null) {
      before.cancel();
    }
  }

  @Override
  public void live(LeaseMachine lease) {
    slotOf(lease).onLive(lease);
  }

  @Override
  public void doubtful(LeaseMachine lease, boolean doubtful) {
    slotOf(lease).onDoubtful(lease, doubtful);
  }

  @Override
  public void refused(LeaseMachine lease, EtcdException cause) {
    slotOf(lease).onRefused(lease, cause);
  }

  @Override
  public void lost(LeaseMachine lease) {
    logger.info("lease {} is gone; asking for a new one", Long.toHexString(lease.id()));
    ended(lease);
  }

  @Override
  public void revoked(LeaseMachine lease) {
    ended(lease);
  }

  private LeaseSlot slotOf(LeaseMachine lease) {
    LeaseSlot slot = slotOf.get(lease);
    if (slot == null) {
      throw new IllegalStateException("lease without a slot: " + Long.toHexString(lease.id()));
    }
    return slot;
  }

  private void ended(LeaseMachine lease) {
    machines.remove(lease.id());
    LeaseSlot slot = slotOf(lease);
    slotOf.remove(lease);
    Loop.Timer timer = timers.remove(lease);
    if (timer != null) {
      timer.cancel();
    }
    slot.onEnded(lease);
    if (slot != shared && slot.isUnused()) {
      slots.remove(slot);
    }
    if (machines.isEmpty()) {
      closeStream();
    }
    completeIfIdle();
  }

  // The stream.

  private void openStream() {
    reopenTimer = null;
    int number = ++streamNumber;
    streamOpenedAt = loop.nanos();
    stream =
        client.openLeaseStream(
            new LeaseStream.Listener() {
              @Override
              public void onLoggedIn() {
                loop.execute(() -> Leases.this.onLoggedIn(number));
              }

              @Override
              public void onReply(Header header, long leaseId, long ttlSeconds) {
                loop.execute(() -> Leases.this.onReply(number, header, leaseId, ttlSeconds));
              }

              @Override
              public void onEnd(EtcdException cause) {
                loop.execute(() -> onStreamEnd(number, cause));
              }
            });
  }

  private void onLoggedIn(int number) {
    if (number == streamNumber) {
      loggedIn = true;
      List.copyOf(machines.values()).forEach(LeaseMachine::onStreamOpened);
    }
  }

  private void onReply(int number, Header header, long leaseId, long ttlSeconds) {
    if (number != streamNumber) {
      return;
    }
    stopExpecting();
    silences = 0;
    if (loop.nanos() - streamOpenedAt >= STABLE.toNanos()) {
      streamBackoff.reset();
    }
    session.onStreamHeader(header);
    LeaseMachine lease = machines.get(leaseId);
    if (lease != null) {
      lease.onRenewed(Duration.ofSeconds(ttlSeconds));
    }
  }

  private void onStreamEnd(int number, EtcdException cause) {
    if (number == streamNumber) {
      logger.debug("keepalive stream ended: {}", cause.getMessage());
      closeStream();
      if (machines.values().stream().anyMatch(LeaseMachine::isLive)) {
        reopenTimer = loop.schedule(streamBackoff.next(), this::openStream);
      }
    }
  }

  private void expectAnswer(LeaseMachine lease) {
    if (silenceTimer == null) {
      Duration third = lease.ttl().dividedBy(3);
      Duration patience = third.compareTo(LONGEST_SILENCE) < 0 ? third : LONGEST_SILENCE;
      // a third passes before the first is sent, so half is left for the second if the lease is to
      // live to see the next endpoint
      Duration left = silences % 2 == 0 ? patience : patience.dividedBy(2);
      String endpoint = client.endpoint();
      long since = loop.nanos();
      silenceTimer = loop.schedule(left, () -> onSilence(endpoint, since));
    }
  }

  private void stopExpecting() {
    if (silenceTimer != null) {
      silenceTimer.cancel();
      silenceTimer = null;
    }
  }

  /**
   * An endpoint that answers other calls meanwhile is slow, and to leave it would end those calls.
   */
  private void onSilence(String endpoint, long since) {
    silences++;
    closeStream();
    if (silences % 2 == 0 && !session.hasHeardSince(since)) {
      client.leaveEndpoint(endpoint, "keepalives are not answered");
    }
    openStream();
  }

  private void closeStream() {
    stopExpecting();
    if (reopenTimer != null) {
      reopenTimer.cancel();
      reopenTimer = null;
    }
    if (stream != null) {
      stream.close();
      stream = null;
      loggedIn = false;
      streamNumber++;
    }
  }
}
