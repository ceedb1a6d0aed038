package io.registryetcd.sim;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.sim.VirtualScheduler.Lane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A connection between a client and a member: messages take time, may be held up in either
 * direction, and are lost with it. What was sent but had not arrived when it broke may still be
 * executed.
 */
final class SimConnection {

  private static final long FIRST_ANSWER = Duration.ofSeconds(3).toNanos();
  private static final long MIN_RECONNECT = Duration.ofMillis(50).toNanos();
  private static final long PING = Duration.ofSeconds(10).toNanos();
  private static final long PING_TIMEOUT = Duration.ofSeconds(5).toNanos();

  final SimEtcdClient client;
  final SimMember member;
  private final VirtualScheduler scheduler;
  private final Host clientHost;
  private final Set<SimStream> streams = new LinkedHashSet<>();
  private final Set<SimCall<?>> calls = new LinkedHashSet<>();
  private final List<Runnable> unsent = new ArrayList<>();
  private final Pipe up = new Pipe();
  private final Pipe down = new Pipe();
  private @Nullable Host memberLife;
  private boolean open = true;
  private boolean memberGone;
  private long lastHeard = -1;

  SimConnection(SimEtcdClient client, SimMember member) {
    this.client = client;
    this.member = member;
    this.scheduler = client.etcd.scheduler;
    this.clientHost = client.host;
    scheduler.after(client.latency(), clientHost, this::connect);
    scheduler.after(FIRST_ANSWER, clientHost, this::checkFirstAnswer);
  }

  boolean isOpen() {
    return open && !clientHost.isDead();
  }

  Set<SimStream> streams() {
    return streams;
  }

  long lastHeard() {
    return lastHeard;
  }

  void add(SimStream stream) {
    streams.add(stream);
  }

  void add(SimCall<?> call) {
    calls.add(call);
  }

  void remove(SimStream stream) {
    streams.remove(stream);
  }

  void remove(SimCall<?> call) {
    calls.remove(call);
  }

  // --- messages

  /** Sends a message to the member; {@code lane} is made once the member is known. */
  void send(SimStream.@Nullable UpLane lane, Runnable atMember) {
    Host life = memberLife;
    if (life == null) {
      unsent.add(() -> send(lane, atMember));
      return;
    }
    Runnable arrival = () -> up.pass(atMember);
    if (lane == null) {
      scheduler.after(client.latency(), life, arrival);
    } else {
      lane.of(life).after(client.latency(), arrival);
    }
  }

  /** Sends a message to the client, which it reaches only while this connection lives. */
  void reply(@Nullable Lane lane, Runnable atClient) {
    if (memberGone) {
      return;
    }
    Runnable arrival = () -> down.pass(() -> deliver(atClient));
    if (lane == null) {
      scheduler.after(client.latency(), clientHost, arrival);
    } else {
      lane.after(client.latency(), arrival);
    }
  }

  private void deliver(Runnable atClient) {
    if (open) {
      lastHeard = scheduler.now();
      atClient.run();
    }
  }

  /** Runs something at the member, at once or later, whatever becomes of this connection. */
  void atMember(long delay, Runnable action) {
    if (memberLife != null) {
      scheduler.after(delay, memberLife, action);
    }
  }

  // --- how it comes up and goes down

  private void connect() {
    if (!open) {
      return;
    }
    if (client.isPartitioned()) {
      connectLater();
    } else if (member.up) {
      memberLife = member.host;
      member.connections.add(this);
      suspectSilence();
      unsent.forEach(Runnable::run);
      unsent.clear();
    } else if (client.endpointCount() > 1 || client.etcd.random.nextBoolean()) {
      fail(Kind.UNAVAILABLE, "connection refused");
    } else {
      connectLater();
    }
  }

  private void connectLater() {
    long delay = MIN_RECONNECT + client.etcd.random.nextLong(MIN_RECONNECT * 9);
    scheduler.after(delay, clientHost, this::connect);
  }

  private void checkFirstAnswer() {
    if (open && lastHeard < 0) {
      fail(Kind.UNAVAILABLE, "no answer in 3 s");
    }
  }

  /** Breaks it: calls in flight fail and streams end. */
  void fail(Kind kind, String why) {
    if (!open) {
      return;
    }
    client.etcd.trace.add(client.name(), "connection to %s ends: %s", member, why);
    open = false;
    member.connections.remove(this);
    EtcdException cause = new EtcdException(kind, member.toString(), why);
    List.copyOf(calls).forEach(call -> call.failSoon(cause));
    List.copyOf(streams).forEach(stream -> stream.endSoon(cause));
    client.connectionEnded(this);
  }

  void memberDied(boolean silently) {
    memberGone = true;
    member.connections.remove(this);
    if (silently) {
      block(true, true);
    } else {
      scheduler.after(
          client.latency(), clientHost, () -> fail(Kind.UNAVAILABLE, "connection reset"));
    }
  }

  void endStreamsWithoutLeader() {
    for (SimStream stream : List.copyOf(streams)) {
      stream.endByMember(
          new EtcdException(Kind.UNAVAILABLE, member.toString(), "etcdserver: no leader"));
    }
  }

  // --- loss and silence

  /** Holds up messages to the member, to the client, or both. */
  void block(boolean toMember, boolean toClient) {
    up.blocked |= toMember;
    down.blocked |= toClient;
    suspectSilence();
  }

  /**
   * Ends {@link #block}: what was held up arrives now, and a connection that etcd does not know any
   * more is reset.
   */
  void unblock() {
    if (memberGone) {
      scheduler.after(
          client.latency(), clientHost, () -> fail(Kind.UNAVAILABLE, "connection reset"));
    } else if (memberLife != null) {
      scheduler.after(0, memberLife, up::drain);
      scheduler.after(0, clientHost, down::drain);
    }
  }

  /** Ends the connection by HTTP/2 keepalive if the member stays silent from now on. */
  void suspectSilence() {
    if (isSilent()) {
      long delay = PING_TIMEOUT + client.etcd.random.nextLong(PING);
      scheduler.after(delay, clientHost, this::endIfSilent);
    }
  }

  private void endIfSilent() {
    if (isSilent()) {
      fail(Kind.UNAVAILABLE, "keepalive failed");
    }
  }

  private boolean isSilent() {
    Host life = memberLife;
    boolean frozen = life != null && (life.isPaused() || life.isDead());
    return open && (frozen || up.blocked || down.blocked);
  }

  /** One direction. */
  private static final class Pipe {
    private final List<Runnable> held = new ArrayList<>();
    private boolean blocked;

    void pass(Runnable message) {
      if (blocked) {
        held.add(message);
      } else {
        message.run();
      }
    }

    void drain() {
      blocked = false;
      List<Runnable> messages = List.copyOf(held);
      held.clear();
      messages.forEach(Runnable::run);
    }
  }
}
