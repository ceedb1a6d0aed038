package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.EtcdException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leases are called 1, 2, 3 in the order in which they are made. */
class LeaseSlotTest {

  private static final Duration TTL = Duration.ofSeconds(60);

  private final FakeEtcdClient etcd = new FakeEtcdClient();
  private final ManualLoop loop = new ManualLoop();
  private final EtcdSession session =
      EtcdSession.create(
          EtcdConfig.builder().endpoints("etcd:2379").leaseTtl(TTL).build(),
          etcd,
          loop,
          new FakeRandom(),
          Runnable::run);
  private final Leases leases = session.leases();
  private final LeaseSlot slot = leases.shared();
  private final FakeMember a = new FakeMember();
  private final FakeMember b = new FakeMember();

  /** A registration that moves to a lease when the test says so. */
  private static final class FakeMember implements LeaseSlot.Member {

    private final List<String> told = new ArrayList<>();
    private long holds;

    List<String> taken() {
      List<String> taken = List.copyOf(told);
      told.clear();
      return taken;
    }

    void moveTo(long lease) {
      holds = lease;
    }

    @Override
    public void onLease(long lease, Duration ttl) {
      told.add("lease " + lease + " for " + ttl);
    }

    @Override
    public void onLeaseLost() {
      told.add("lost");
    }

    @Override
    public void onLeaseDoubtful(boolean doubtful) {
      told.add(doubtful ? "doubtful" : "no longer doubtful");
    }

    @Override
    public void onLeaseRefused(EtcdException cause) {
      told.add("refused");
    }

    @Override
    public boolean hasMovedTo(long lease) {
      return holds == lease;
    }
  }

  /** Both members are under lease 1. */
  private void shareOneLease() {
    slot.join(a);
    slot.join(b);
    loop.run();
    a.moveTo(1);
    b.moveTo(1);
    etcd.taken();
    a.taken();
    b.taken();
  }

  private List<String> grantsAndRevokes() {
    return etcd.taken().stream()
        .filter(call -> call.startsWith("grant") || call.startsWith("revoke"))
        .toList();
  }

  @Test
  void allMembersShareOneLease() {
    slot.join(a);
    slot.join(b);
    loop.run();

    assertThat(grantsAndRevokes()).containsExactly("grant 1");
    assertThat(a.taken()).containsExactly("lease 1 for PT1M");
    assertThat(b.taken()).containsExactly("lease 1 for PT1M");
  }

  @Test
  void whoJoinsLaterIsToldAtOnce() {
    slot.join(a);
    loop.run();

    slot.join(b);

    assertThat(b.taken()).containsExactly("lease 1 for PT1M");
  }

  @Test
  void theLastToLeaveHasItRevoked() {
    shareOneLease();

    slot.leave(a);
    loop.run();
    assertThat(grantsAndRevokes()).isEmpty();

    slot.leave(b);
    loop.run();
    assertThat(grantsAndRevokes()).containsExactly("revoke 1");
    assertThat(slot.isUnused()).isTrue();
  }

  @Test
  void whoLeavesTwiceHasLeftOnce() {
    shareOneLease();

    slot.leave(a);
    slot.leave(a);
    loop.run();

    assertThat(grantsAndRevokes()).isEmpty();
  }

  @Test
  void aLeaveDuringTheGrantRevokesWhatWasGranted() {
    etcd.keepSilent();
    slot.join(a);
    slot.leave(a);
    etcd.answer();
    loop.run();

    assertThat(grantsAndRevokes()).containsExactly("grant 1", "revoke 1");
    assertThat(a.taken()).isEmpty();
  }

  @Test
  void whoJoinsAfterTheLastHasLeftGetsAnotherLease() {
    shareOneLease();
    slot.leave(a);
    slot.leave(b);

    slot.join(a);
    loop.run();

    assertThat(grantsAndRevokes()).containsExactly("revoke 1", "grant 2");
    assertThat(a.taken()).containsExactly("lease 2 for PT1M");
  }

  @Test
  void aLostLeaseIsToldAndReplacedAfterAJitterOfHalfASecondAtMost() {
    shareOneLease();

    etcd.renew(1, 0);
    loop.run();
    assertThat(a.taken()).containsExactly("lost");
    assertThat(grantsAndRevokes()).isEmpty();

    loop.pass(Duration.ofMillis(500));
    assertThat(grantsAndRevokes()).containsExactly("grant 2");
    assertThat(a.taken()).containsExactly("lease 2 for PT1M");
    assertThat(b.taken()).containsExactly("lost", "lease 2 for PT1M");
  }

  @Test
  void aPutThatFoundNoSuchLeaseHasItReplacedToo() {
    shareOneLease();

    leases.onNotFound(1);
    leases.onNotFound(1);
    loop.pass(Duration.ofMillis(500));

    assertThat(grantsAndRevokes()).containsExactly("grant 2");
  }

  @Test
  void refusalsAndDoubtsAreToldToAll() {
    etcd.failWith(Failures.refused());
    slot.join(a);
    slot.join(b);
    loop.run();
    assertThat(a.taken()).containsExactly("refused");
    assertThat(b.taken()).containsExactly("refused");

    etcd.succeed();
    loop.pass(Duration.ofSeconds(10));
    a.taken();
    loop.pass(TTL);
    assertThat(a.taken()).containsExactly("doubtful");

    etcd.renew(1, 60);
    loop.run();
    assertThat(a.taken()).containsExactly("no longer doubtful");
  }

  // Moving to another lease.

  @Test
  void anOldLeaseIsRevokedWhenAllHaveMovedAndNotBefore() {
    shareOneLease();

    leases.onNewIncarnation();
    loop.run();
    assertThat(grantsAndRevokes()).containsExactly("grant 2");
    assertThat(a.taken()).containsExactly("lease 2 for PT1M");

    a.moveTo(2);
    slot.settle();
    loop.run();
    assertThat(grantsAndRevokes()).isEmpty();

    b.moveTo(2);
    slot.settle();
    loop.run();
    assertThat(grantsAndRevokes()).containsExactly("revoke 1");
  }

  @Test
  void whoLeavesIsNotWaitedFor() {
    shareOneLease();
    slot.rotate();
    loop.run();
    a.moveTo(2);
    slot.settle();

    slot.leave(b);
    loop.run();

    assertThat(grantsAndRevokes()).containsExactly("grant 2", "revoke 1");
  }

  @Test
  void aLeaseThatIsStillAskedForIsTheNewOneAlready() {
    etcd.keepSilent();
    slot.join(a);

    slot.rotate();
    etcd.answer();
    loop.run();

    assertThat(grantsAndRevokes()).containsExactly("grant 1");
  }

  @Test
  void anOldLeaseThatIsLostWhileTheyMoveIsNotReplaced() {
    shareOneLease();
    slot.rotate();
    loop.run();
    a.taken();
    etcd.taken();

    etcd.renew(1, 0);
    loop.pass(Duration.ofSeconds(1));

    assertThat(a.taken()).isEmpty();
    assertThat(grantsAndRevokes()).isEmpty();
  }

  // Fences.

  @Test
  void aFenceMovesTheOthersAndEndsWithTheRevokedLease() {
    shareOneLease();
    slot.leave(a);

    leases.fence(1, () -> a.told.add("fenced"));
    loop.run();
    assertThat(grantsAndRevokes()).containsExactly("grant 2");
    assertThat(a.taken()).isEmpty();

    b.moveTo(2);
    slot.settle();
    loop.run();
    assertThat(grantsAndRevokes()).containsExactly("revoke 1");
    assertThat(a.taken()).containsExactly("fenced");
  }

  @Test
  void aFenceOfTheLastMembersLeaseEndsWithItsRevocation() {
    slot.join(a);
    loop.run();
    etcd.keepSilent();
    slot.leave(a);
    a.taken();

    leases.fence(1, () -> a.told.add("fenced"));
    loop.run();
    assertThat(a.taken()).isEmpty();

    etcd.answer();
    loop.run();
    assertThat(a.taken()).containsExactly("fenced");
  }

  @Test
  void aFenceOfALeaseThatIsGoneEndsAtOnce() {
    shareOneLease();
    leases.onNotFound(1);
    a.taken();

    leases.fence(1, () -> a.told.add("fenced"));

    assertThat(a.taken()).containsExactly("fenced");
  }

  @Test
  void aFencedLeaseThatIsLostIsFenced() {
    shareOneLease();
    leases.fence(1, () -> a.told.add("fenced"));
    loop.run();

    etcd.renew(1, 0);
    loop.run();

    assertThat(a.taken()).contains("fenced");
  }

  @Test
  void twoFencesOfOneLeaseBothEnd() {
    shareOneLease();
    slot.leave(a);
    slot.leave(b);
    leases.fence(1, () -> a.told.add("fenced"));
    leases.fence(1, () -> b.told.add("fenced"));

    loop.run();

    assertThat(a.taken()).containsExactly("fenced");
    assertThat(b.taken()).containsExactly("fenced");
  }

  // Leases of one's own.

  @Test
  void aLeaseOfOnesOwnLeavesTheSharedOneAlone() {
    shareOneLease();

    slot.leave(a);
    LeaseSlot own = leases.newSlot();
    own.join(a);
    loop.run();
    assertThat(a.taken()).containsExactly("lease 2 for PT1M");

    own.leave(a);
    loop.run();
    assertThat(grantsAndRevokes()).containsExactly("grant 2", "revoke 2");
    assertThat(b.taken()).isEmpty();
  }

  @Test
  void everyLeaseOfThisSessionIsOursForEver() {
    shareOneLease();
    leases.onNotFound(1);
    loop.pass(Duration.ofSeconds(1));

    assertThat(leases.isOurs(1)).isTrue();
    assertThat(leases.isOurs(2)).isTrue();
    assertThat(leases.isOurs(66)).isFalse();
    assertThat(leases.isOurs(0)).isFalse();
  }

  // The end.

  @Test
  void theCloseRevokesAllLeasesWhoeverStillUsesThem() {
    shareOneLease();
    LeaseSlot own = leases.newSlot();
    own.join(new FakeMember());
    loop.run();
    etcd.taken();

    var idle = leases.close();
    loop.run();

    assertThat(grantsAndRevokes()).containsExactlyInAnyOrder("revoke 1", "revoke 2");
    assertThat(idle).isDone();
  }

  @Test
  void withoutALeaseThereIsNothingToClose() {
    assertThat(leases.close()).isDone();
  }
}
