package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.protobuf.ByteString;
import io.registryetcd.Registration.Reason;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.KeyValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One key in a made-up etcd, a registration that wants to own it, and a random sequence of all that
 * can happen to both. Checks with each request that it is the only one and may be made, and in the
 * end that the key is there, or is not, as it should be.
 */
final class RandomRegistration implements RegistrationMachine.Effects {

  private static final Duration TTL = Duration.ofSeconds(6);
  private static final long OTHER_PROCESS = 1_000_000;

  /** What etcd does for a request; tells whether the compare held. */
  @FunctionalInterface
  private interface Work {

    @CanIgnoreReturnValue
    boolean execute();
  }

  private record Event(long revision, Optional<KeyValue> kv) {}

  private final long seed;
  private final Random random;
  private final ConflictPolicy policy;
  private final RegistrationMachine machine;

  // etcd
  private long revision = 10;
  private Optional<KeyValue> key = Optional.empty();
  private final List<Event> history = new ArrayList<>();
  private final Set<Long> liveLeases = new HashSet<>();
  private final List<Work> late = new ArrayList<>();

  // the driver
  private final Set<Long> ourLeases = new HashSet<>();
  private long lease;
  private boolean connected;
  private long watchedFrom = -1;
  private boolean timer;
  private boolean fencing;
  private long fencedLease;
  private @Nullable Runnable answer;
  private @Nullable Work execution;
  private Runnable unsuccessful = () -> {};
  private boolean ourPutMayHaveBeenExecuted;
  private boolean closed;
  private ByteString wanted = ByteString.copyFromUtf8("v0");
  private int values;

  RandomRegistration(long seed, ConflictPolicy policy) {
    this.seed = seed;
    this.random = new Random(seed);
    this.policy = policy;
    this.machine =
        new RegistrationMachine(
            new RegistrationMachine.Settings(
                "k",
                RetryConfig.DEFAULT.withMaxAttemptTimes(3),
                policy,
                ourLeases::contains,
                new Backoff(Duration.ofSeconds(5), random),
                random),
            wanted,
            this);
  }

  void run(int steps) {
    newLease();
    connect(Continuity.SAME);
    for (int i = 0; i < steps; i++) {
      step();
    }
    settle();
    machine.resume();
    machine.retryNow();
    settle();
    checkPresent();
    machine.close();
    settle();
    checkGone();
  }

  // What can happen.

  private void step() {
    switch (random.nextInt(22)) {
      case 0, 1, 2, 3 -> succeed();
      case 4 -> failUnknown();
      case 5 -> refuse();
      case 6, 7, 8 -> deliver();
      case 9, 10 -> fire();
      case 11 -> foreignPut(OTHER_PROCESS);
      case 12 -> foreignPut(0);
      case 13 -> operatorDeletes();
      case 14 -> disconnect();
      case 15 -> reconnect(random.nextInt(3) == 0 ? Continuity.DOUBTFUL : Continuity.SAME);
      case 16 -> loseLease();
      case 17 -> machine.onChecked(revision, key);
      case 18 -> update();
      case 19 -> pauseOrResume();
      case 20 -> executeLate();
      default -> {
        if (random.nextInt(4) == 0) {
          wipe();
        } else {
          machine.onLeaseDoubtful(false);
        }
      }
    }
  }

  private void succeed() {
    Runnable due = answer;
    Work work = execution;
    if (due != null && work != null) {
      answer = null;
      boolean done = work.execute();
      (done ? due : unsuccessful).run();
    }
  }

  /** Executed at once, later or never, and nobody knows. */
  private void failUnknown() {
    Work work = execution;
    if (answer == null || work == null) {
      return;
    }
    answer = null;
    switch (random.nextInt(3)) {
      case 0 -> work.execute();
      case 1 -> late.add(work);
      default -> {}
    }
    machine.onFailed(Failures.away());
  }

  private void refuse() {
    if (answer != null) {
      answer = null;
      machine.onFailed(Failures.of(random.nextBoolean() ? Kind.DENIED : Kind.REFUSED));
    }
  }

  private void executeLate() {
    if (!late.isEmpty()) {
      late.remove(random.nextInt(late.size())).execute();
    }
  }

  private void deliver() {
    for (Event event : List.copyOf(history)) {
      if (connected && watchedFrom >= 0 && event.revision() >= watchedFrom) {
        watchedFrom = event.revision() + 1;
        machine.onEvent(event.revision(), event.kv());
      }
    }
  }

  private void fire() {
    if (timer) {
      timer = false;
      machine.onTimer();
    }
  }

  private void update() {
    wanted = ByteString.copyFromUtf8("v" + ++values);
    machine.update(wanted);
  }

  private void pauseOrResume() {
    if (random.nextBoolean()) {
      machine.pause();
    } else {
      machine.resume();
    }
  }

  private void disconnect() {
    connected = false;
    watchedFrom = -1;
    machine.onDisconnected(Failures.away());
  }

  private void reconnect(Continuity continuity) {
    if (!connected) {
      connect(continuity);
    }
  }

  private void connect(Continuity continuity) {
    connected = true;
    watchedFrom = -1;
    machine.onConnected(continuity);
  }

  private void newLease() {
    lease = ourLeases.size() + 1L;
    ourLeases.add(lease);
    liveLeases.add(lease);
    machine.onLease(lease, TTL);
  }

  private void endLease(long ended) {
    liveLeases.remove(ended);
    if (key.filter(kv -> kv.lease() == ended).isPresent()) {
      change(Optional.empty());
    }
  }

  private void loseLease() {
    endLease(lease);
    machine.onLeaseLost();
    newLease();
  }

  private void foreignPut(long owner) {
    change(Optional.of(kv(ByteString.copyFromUtf8("theirs"), owner)));
  }

  private void operatorDeletes() {
    if (key.isPresent()) {
      change(Optional.empty());
    }
  }

  /** etcd is another one, empty, and nothing of before is executed any more. */
  private void wipe() {
    if (connected && random.nextBoolean()) {
      disconnect();
    }
    late.clear();
    history.clear();
    liveLeases.clear();
    key = Optional.empty();
    revision = 1;
    execution = () -> false;
    if (answer != null) {
      answer = null;
      machine.onFailed(Failures.away());
    }
    connect(Continuity.NEW);
    newLease();
  }

  private void change(Optional<KeyValue> now) {
    revision++;
    key = now.map(kv -> kv(kv.value(), kv.lease()));
    history.add(new Event(revision, key));
  }

  private KeyValue kv(ByteString value, long owner) {
    return new KeyValue(ByteString.copyFromUtf8("k"), value, revision, revision, 1, owner);
  }

  // The end of all faults.

  private void settle() {
    reconnect(Continuity.SAME);
    machine.onLeaseDoubtful(false);
    for (int i = 0; i < 50; i++) {
      while (!late.isEmpty()) {
        executeLate();
      }
      succeed();
      deliver();
      fire();
      if (fencing && answer == null) {
        fencing = false;
        endLease(fencedLease);
        machine.onFenced();
      }
    }
  }

  private void checkPresent() {
    if (machine.state() == State.CONFLICT) {
      assertThat(key)
          .as("seed %d", seed)
          .hasValueSatisfying(kv -> assertThat(ourLeases).doesNotContain(kv.lease()));
    } else {
      assertThat(machine.state()).as("seed %d", seed).isEqualTo(State.REGISTERED);
      assertThat(key)
          .as("seed %d", seed)
          .hasValueSatisfying(
              kv -> {
                assertThat(kv.lease()).isEqualTo(lease);
                assertThat(kv.value()).isEqualTo(wanted);
              });
    }
  }

  private void checkGone() {
    assertThat(machine.state()).as("seed %d", seed).isEqualTo(State.CLOSED);
    assertThat(key.map(KeyValue::lease).filter(ourLeases::contains)).as("seed %d", seed).isEmpty();
  }

  // What the machine asks for.

  private void ask(Work work, Runnable done, Runnable notDone) {
    assertThat(answer).as("seed %d: one request at a time", seed).isNull();
    assertThat(closed).as("seed %d: nothing is asked after the end", seed).isFalse();
    execution = work;
    answer = done;
    unsuccessful = notDone;
  }

  @Override
  public void read() {
    ask(() -> true, () -> machine.onRead(revision, key), () -> {});
  }

  @Override
  public void put(ByteString value, long under, long expectedModRevision, long expectedLease) {
    assertThat(ourLeases).as("seed %d: a put is under our lease", seed).contains(under);
    boolean replacesForeign =
        expectedModRevision != 0
            && !ourLeases.contains(expectedLease)
            && key.map(KeyValue::modRevision).orElse(0L) == expectedModRevision;
    if (replacesForeign && ourPutMayHaveBeenExecuted) {
      assertThat(
              policy == ConflictPolicy.RECLAIM
                  || (policy == ConflictPolicy.ADOPT && expectedLease == 0))
          .as("seed %d: a later put leaves a foreign key alone", seed)
          .isTrue();
    }
    ask(
        () -> {
          boolean asExpected =
              key.map(KeyValue::modRevision).orElse(0L) == expectedModRevision
                  && key.map(KeyValue::lease).orElse(0L) == expectedLease;
          if (asExpected && liveLeases.contains(under)) {
            ourPutMayHaveBeenExecuted = true;
            change(Optional.of(kv(value, under)));
            return true;
          }
          return false;
        },
        () -> machine.onPut(revision),
        () -> {
          if (liveLeases.contains(under)) {
            machine.onConflict(revision, key);
          } else {
            machine.onFailed(Failures.of(Kind.LEASE_NOT_FOUND));
          }
        });
  }

  @Override
  public void delete(long under) {
    assertThat(ourLeases).as("seed %d: a delete is guarded by our lease", seed).contains(under);
    ask(
        () -> {
          boolean ours = key.filter(kv -> kv.lease() == under).isPresent();
          if (ours) {
            change(Optional.empty());
          }
          return ours;
        },
        () -> machine.onDeleted(revision),
        () -> machine.onConflict(revision, key));
  }

  @Override
  public void watch(long startRevision) {
    watchedFrom = startRevision;
  }

  @Override
  public void unwatch() {
    watchedFrom = -1;
  }

  @Override
  public void startTimer(Duration delay) {
    timer = true;
  }

  @Override
  public void cancelTimer() {
    timer = false;
  }

  @Override
  public void moveToOwnLease() {
    newLease();
  }

  @Override
  public void leaseNotFound(long missing) {
    if (missing == lease) {
      machine.onLeaseLost();
      newLease();
    }
  }

  @Override
  public void leaveLease() {}

  @Override
  public void fence(long fenced) {
    fencing = true;
    fencedLease = fenced;
  }

  @Override
  public void step(State state, Reason reason, String message) {
    closed = state == State.CLOSED;
  }

  @Override
  public void problem(@Nullable EtcdException cause) {}
}
