package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.EtcdException.Kind;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseMachineTest {

  private static final Duration TTL = Duration.ofSeconds(6);

  private final FakeRandom random = new FakeRandom();
  private final RecordingLeaseEffects effects = new RecordingLeaseEffects();
  private final LeaseMachine lease =
      new LeaseMachine(
          7,
          TTL,
          Duration.ofSeconds(10),
          effects,
          new Backoff(Duration.ofSeconds(5), random),
          random);

  private void grantIt() {
    lease.startAfter(Duration.ZERO);
    lease.onGranted(TTL);
    effects.taken();
  }

  // Asking for it.

  @Test
  void aGrantedLeaseIsToldAndRenewedAtOnce() {
    lease.startAfter(Duration.ZERO);
    lease.onGranted(TTL);

    assertThat(effects.taken()).containsExactly("grant 7", "live", "keep alive", "timer PT2S");
    assertThat(lease.isLive()).isTrue();
  }

  @Test
  void aLeaseInThePlaceOfALostOneIsAskedForAfterAPause() {
    lease.startAfter(Duration.ofMillis(300));
    assertThat(effects.taken()).containsExactly("timer PT0.3S");

    lease.onTimer();
    assertThat(effects.taken()).containsExactly("grant 7");
  }

  @Test
  void aGrantOfUnknownOutcomeIsRepeatedWithTheSameId() {
    lease.startAfter(Duration.ZERO);
    lease.onGrantFailed(Failures.away());
    lease.onTimer();

    assertThat(effects.taken()).containsExactly("grant 7", "timer PT0.1S", "grant 7");
  }

  @Test
  void thatTheLeaseExistsAlreadyIsSuccess() {
    lease.startAfter(Duration.ZERO);
    lease.onGrantFailed(Failures.away());
    lease.onTimer();
    effects.taken();

    lease.onGrantFailed(Failures.of(Kind.LEASE_EXISTS));

    assertThat(effects.taken()).containsExactly("live", "keep alive", "timer PT2S");
    assertThat(lease.ttl()).isEqualTo(TTL);
  }

  @Test
  void anOutageIsWaitedForWithAGrowingPause() {
    lease.startAfter(Duration.ZERO);
    lease.onGrantFailed(Failures.away());
    lease.onTimer();
    lease.onGrantFailed(Failures.away());

    assertThat(effects.taken())
        .containsExactly("grant 7", "timer PT0.1S", "grant 7", "timer PT0.2S");
  }

  @Test
  void aRefusalIsToldAndAskedAgainAtASteadyPace() {
    lease.startAfter(Duration.ZERO);
    effects.taken();

    lease.onGrantFailed(Failures.refused());
    lease.onTimer();
    lease.onGrantFailed(Failures.refused());

    assertThat(effects.taken())
        .containsExactly(
            "refused REFUSED", "timer PT10S", "grant 7", "refused REFUSED", "timer PT10S");
  }

  @Test
  void theTimeToLiveIsTheOneThatEtcdGranted() {
    lease.startAfter(Duration.ZERO);
    lease.onGranted(Duration.ofSeconds(9));

    assertThat(lease.ttl()).isEqualTo(Duration.ofSeconds(9));
    assertThat(effects.taken()).contains("timer PT3S");
  }

  // Renewing it.

  @Test
  void itIsRenewedThreeTimesInEachTimeToLive() {
    grantIt();
    lease.onRenewed(TTL);

    lease.onTimer();

    assertThat(effects.taken()).containsExactly("keep alive", "timer PT2S");
  }

  @Test
  void aNewStreamRenewsItAtOnce() {
    grantIt();

    lease.onStreamOpened();

    assertThat(effects.taken()).containsExactly("keep alive");
  }

  @Test
  void aWholeTimeToLiveWithoutAnAnswerMakesItDoubtfulButIsNoReasonToGiveItUp() {
    grantIt();

    lease.onTimer();
    lease.onTimer();
    assertThat(effects.taken()).doesNotContain("doubtful");

    lease.onTimer();
    assertThat(effects.taken()).containsExactly("doubtful", "keep alive", "timer PT2S");

    lease.onTimer();
    assertThat(effects.taken()).containsExactly("keep alive", "timer PT2S");
    assertThat(lease.isLive()).isTrue();
  }

  @Test
  void streamsThatAreOpenedAgainAndAgainDoNotPutOffTheDoubt() {
    grantIt();

    for (int third = 0; third < 3; third++) {
      lease.onStreamOpened();
      lease.onStreamOpened();
      lease.onTimer();
    }

    assertThat(effects.taken()).contains("doubtful");
  }

  @Test
  void anAnswerHoweverLateEndsTheDoubt() {
    grantIt();
    for (int third = 0; third < 20; third++) {
      lease.onTimer();
    }
    effects.taken();

    lease.onRenewed(TTL);

    assertThat(effects.taken()).containsExactly("no longer doubtful");
    assertThat(lease.isLive()).isTrue();
  }

  @Test
  void eachAnswerStartsTheCountAnew() {
    grantIt();
    for (int third = 0; third < 10; third++) {
      lease.onTimer();
      lease.onTimer();
      lease.onRenewed(TTL);
    }

    assertThat(effects.taken()).doesNotContain("doubtful");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1})
  void anAnswerWithoutTimeToLiveMeansThatItIsLost(long seconds) {
    grantIt();

    lease.onRenewed(Duration.ofSeconds(seconds));

    assertThat(effects.taken()).containsExactly("lost");
    assertThat(lease.hasEnded()).isTrue();
  }

  @Test
  void aPutThatFindsNoSuchLeaseMeansThatItIsLost() {
    grantIt();

    lease.onLost();
    lease.onLost();

    assertThat(effects.taken()).containsExactly("lost");
  }

  @Test
  void aLostLeaseDoesNothingMore() {
    grantIt();
    lease.onLost();
    effects.taken();

    lease.onTimer();
    lease.onStreamOpened();
    lease.onRenewed(TTL);
    lease.release();

    assertThat(effects.taken()).isEmpty();
  }

  // Letting it go.

  @Test
  void aReleasedLeaseIsRevoked() {
    grantIt();

    lease.release();
    assertThat(effects.taken()).containsExactly("revoke 7");

    lease.onRevoked();
    assertThat(effects.taken()).containsExactly("revoked");
    assertThat(lease.hasEnded()).isTrue();
  }

  @Test
  void aLeaseThatIsBeingRevokedIsNoLongerRenewed() {
    grantIt();
    lease.release();
    effects.taken();

    lease.onTimer();
    lease.onStreamOpened();
    lease.onRenewed(Duration.ZERO);
    lease.release();

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aReleaseDuringTheGrantWaitsForItSoThatNoLeaseIsLeftBehind() {
    lease.startAfter(Duration.ZERO);
    lease.release();
    assertThat(effects.taken()).containsExactly("grant 7");

    lease.onGranted(TTL);
    assertThat(effects.taken()).containsExactly("revoke 7");
    assertThat(lease.isLive()).isFalse();
  }

  @Test
  void aReleasedLeaseWhoseGrantHasAnUnknownOutcomeIsRevoked() {
    lease.startAfter(Duration.ZERO);
    lease.release();

    lease.onGrantFailed(Failures.away());

    assertThat(effects.taken()).containsExactly("grant 7", "revoke 7");
  }

  @Test
  void aReleasedLeaseThatExistsAlreadyIsRevoked() {
    lease.startAfter(Duration.ZERO);
    lease.release();

    lease.onGrantFailed(Failures.of(Kind.LEASE_EXISTS));

    assertThat(effects.taken()).containsExactly("grant 7", "revoke 7");
  }

  @Test
  void aReleaseBetweenTwoGrantsRevokesBecauseTheFirstMayHaveBeenExecuted() {
    lease.startAfter(Duration.ZERO);
    lease.onGrantFailed(Failures.away());
    effects.taken();

    lease.release();

    assertThat(effects.taken()).containsExactly("revoke 7");
  }

  @Test
  void aLeaseThatWasNeverAskedForEndsAtOnce() {
    lease.release();

    assertThat(effects.taken()).containsExactly("revoked");
  }

  @Test
  void aRevokeOfUnknownOutcomeIsRepeatedUntilEtcdAnswers() {
    grantIt();
    lease.release();
    lease.onRevokeFailed(Failures.away());
    lease.onTimer();
    lease.onRevokeFailed(Failures.away());

    assertThat(effects.taken())
        .containsExactly("revoke 7", "timer PT0.1S", "revoke 7", "timer PT0.2S");
  }

  @Test
  void aLeaseThatMayNotBeRevokedEndsByItselfForItIsNoLongerRenewed() {
    grantIt();
    lease.release();
    effects.taken();

    lease.onRevokeFailed(Failures.denied());
    lease.onTimer();

    assertThat(effects.taken()).containsExactly("revoked");
    assertThat(lease.hasEnded()).isTrue();
  }

  @Test
  void lateAnswersChangeNothing() {
    grantIt();

    lease.onGranted(Duration.ofSeconds(99));
    lease.onGrantFailed(Failures.refused());
    lease.onRevoked();
    lease.onRevokeFailed(Failures.denied());

    assertThat(effects.taken()).isEmpty();
    assertThat(lease.ttl()).isEqualTo(TTL);
  }
}
