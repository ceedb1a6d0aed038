package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HoldTest {

  private static final Instance A = Instance.of("10.0.0.1", 1).withWeight(1);
  private static final Instance B = Instance.of("10.0.0.2", 1).withWeight(2);
  private static final Instance C = Instance.of("10.0.0.3", 1).withWeight(3);

  private final Hold hold = new Hold(Duration.ofSeconds(15), false);
  private final Hold majority = new Hold(Duration.ofSeconds(15), true);

  private static long millis(long millis) {
    return Duration.ofMillis(millis).toNanos();
  }

  @Test
  void aSingleRemovalIsNeverHeldNotEvenTheLast() {
    hold.removed(A, 0);

    assertThat(hold.judge(0, 0)).isEmpty();
    assertThat(hold.instances()).isEmpty();
  }

  @Test
  void removalsThatLeaveSomethingAreNotHeld() {
    hold.removed(A, 0);
    hold.removed(B, 0);

    assertThat(hold.judge(1, 0)).isEmpty();
  }

  @Test
  void allThatWentWithinASecondAreHeld() {
    hold.removed(A, 0);
    assertThat(hold.judge(2, 0)).isEmpty();
    hold.removed(B, millis(500));
    assertThat(hold.judge(1, millis(500))).isEmpty();
    hold.removed(C, millis(1000));

    assertThat(hold.judge(0, millis(1000)))
        .containsExactlyInAnyOrder(A.address(), B.address(), C.address());
    assertThat(hold.instances()).containsExactlyInAnyOrder(A, B, C);
    assertThat(hold.at(A.address())).contains(A);
  }

  @Test
  void whatWentOneByOneOverALongerTimeIsNotHeld() {
    hold.removed(A, 0);
    assertThat(hold.judge(1, 0)).isEmpty();
    hold.removed(B, millis(1001));

    assertThat(hold.judge(0, millis(1001))).isEmpty();
  }

  @Test
  void onlyThoseOfTheLastSecondAreHeld() {
    hold.removed(A, 0);
    assertThat(hold.judge(2, 0)).isEmpty();
    hold.removed(B, millis(5000));
    hold.removed(C, millis(5000));

    assertThat(hold.judge(0, millis(5000))).containsExactlyInAnyOrder(B.address(), C.address());
  }

  @Test
  void aRemovalThatWasTakenBackDoesNotCount() {
    hold.removed(A, 0);
    hold.removed(B, 0);
    hold.confirm(A.address());

    assertThat(hold.judge(0, 0)).isEmpty();
  }

  @Test
  void whatWasJudgedOnceIsNotHeldTwice() {
    hold.removed(A, 0);
    hold.removed(B, 0);
    assertThat(hold.judge(0, 0)).hasSize(2);

    assertThat(hold.judge(0, millis(100))).isEmpty();
  }

  @Test
  void whatVanishedWithItsHistoryIsHeldEvenIfItIsOne() {
    hold.keep(A, 0);

    assertThat(hold.at(A.address())).contains(A);
    assertThat(hold.instances()).containsExactly(A);
  }

  @Test
  void whatIsHeldAlreadyDoesNotCountAsOneMoreRemoval() {
    hold.keep(A, 0);
    hold.removed(A, 0);
    hold.removed(B, 0);

    assertThat(hold.judge(0, 0)).isEmpty();
  }

  @Test
  void whatIsConfirmedIsNoLongerHeld() {
    hold.keep(A, 0);
    hold.keep(B, 0);

    hold.confirm(A.address());

    assertThat(hold.instances()).containsExactly(B);
    assertThat(hold.release(millis(15_000))).containsExactly(B.address());
  }

  @Test
  void whatIsHeldIsLetGoAfterItsTimeAndNotBefore() {
    hold.keep(A, 0);
    hold.keep(B, millis(1000));

    assertThat(hold.release(millis(14_999))).isEmpty();
    assertThat(hold.nextRelease(millis(14_999))).contains(Duration.ofMillis(1));
    assertThat(hold.release(millis(15_000))).containsExactly(A.address());
    assertThat(hold.nextRelease(millis(15_000))).contains(Duration.ofSeconds(1));
    assertThat(hold.release(millis(16_000))).containsExactly(B.address());
    assertThat(hold.nextRelease(millis(16_000))).isEmpty();
  }

  @Test
  void aReleaseThatIsLateIsDueAtOnce() {
    hold.keep(A, 0);

    assertThat(hold.nextRelease(millis(99_000))).contains(Duration.ZERO);
  }

  @Test
  void aHoldTimeOfZeroTurnsItOff() {
    Hold off = new Hold(Duration.ZERO, true);

    off.keep(A, 0);
    off.removed(B, 0);
    off.removed(C, 0);

    assertThat(off.judge(0, 0)).isEmpty();
    assertThat(off.instances()).isEmpty();
  }

  @Test
  void theMonotonicClockMayBeNegativeAndMayOverflow() {
    long now = Long.MAX_VALUE - 10;
    hold.removed(A, now);
    hold.removed(B, now + 20);

    assertThat(hold.judge(0, now + 20)).hasSize(2);
    assertThat(hold.release(now + 20)).isEmpty();
    assertThat(hold.release(now + 20 + millis(15_000))).hasSize(2);
  }

  // More than half, for those who ask for it.

  @Test
  void theLossOfMoreThanHalfWithinTenSecondsIsHeldIfAskedFor() {
    majority.removed(A, 0);
    assertThat(majority.judge(2, 0)).isEmpty();
    majority.removed(B, millis(10_000));

    assertThat(majority.judge(1, millis(10_000)))
        .containsExactlyInAnyOrder(A.address(), B.address());
  }

  @Test
  void theLossOfHalfIsNotHeld() {
    majority.removed(A, 0);
    majority.removed(B, 0);

    assertThat(majority.judge(2, 0)).isEmpty();
  }

  @Test
  void theLossOfMoreThanHalfOverALongerTimeIsNotHeld() {
    majority.removed(A, 0);
    assertThat(majority.judge(2, 0)).isEmpty();
    majority.removed(B, millis(10_001));

    assertThat(majority.judge(1, millis(10_001))).isEmpty();
  }

  @Test
  void aSingleRemovalIsNotHeldThoughItIsMoreThanHalf() {
    majority.removed(A, 0);

    assertThat(majority.judge(0, 0)).isEmpty();
  }
}
