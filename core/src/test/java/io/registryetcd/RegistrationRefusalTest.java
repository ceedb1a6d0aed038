package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException.Kind;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** etcd answers, but not as it should. */
class RegistrationRefusalTest extends DrivenRegistration {

  // Refusals.

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"REFUSED", "UNAUTHENTICATED", "WRONG_CLUSTER"})
  void aRefusalIsToldAndRepeatedAtASteadyPace(Kind kind) {
    connect();
    machine.onRead(10, NOTHING);
    effects.taken();

    machine.onFailed(Failures.of(kind));
    assertThat(effects.taken()).containsExactly("RETRYING REFUSED", "timer PT10S");
    assertThat(effects.problem()).hasValueSatisfying(p -> assertThat(p.kind()).isEqualTo(kind));

    machine.onTimer();
    assertThat(effects.taken()).containsExactly(FIRST_PUT);
  }

  @Test
  void theLastOfTooManyRefusalsInARowIsFailureWhichIsTriedOnAtASlowPace() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(2), ConflictPolicy.WAIT);
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.refused());
    machine.onTimer();
    effects.taken();

    machine.onFailed(Failures.refused());
    assertThat(effects.taken()).containsExactly("FAILED REFUSED", "timer PT30S");

    machine.onTimer();
    machine.onFailed(Failures.refused());
    assertThat(effects.taken()).containsExactly(FIRST_PUT, "timer PT30S");
  }

  @Test
  void aLeaseAndAReadThatAreRefusedTogetherCountOnce() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(2), ConflictPolicy.WAIT);
    machine.onConnected(Continuity.SAME);

    machine.onLeaseRefused(Failures.denied());
    machine.onFailed(Failures.denied());
    assertThat(effects.taken()).containsExactly("read", "RETRYING REFUSED", "timer PT10S");

    machine.onTimer();
    machine.onFailed(Failures.denied());
    assertThat(effects.taken()).containsExactly("read", "FAILED REFUSED", "timer PT30S");
  }

  @Test
  void theSlowPaceIsTheObserveDelayIfThatIsLonger() {
    machine =
        machine(
            RetryConfig.DEFAULT.withMaxAttemptTimes(1).withObserveDelay(Duration.ofMinutes(2)),
            ConflictPolicy.WAIT);
    connect();

    machine.onFailed(Failures.refused());

    assertThat(effects.taken()).endsWith("timer PT2M");
  }

  @Test
  void withoutALimitNoNumberOfRefusalsIsFailure() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(0), ConflictPolicy.WAIT);
    connect();
    for (int attempt = 0; attempt < 100; attempt++) {
      machine.onFailed(Failures.refused());
      machine.onTimer();
    }

    assertThat(machine.state()).isEqualTo(State.RETRYING);
  }

  @Test
  void aSuccessStartsTheCountOfRefusalsAnew() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(2), ConflictPolicy.WAIT);
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.refused());
    machine.onTimer();
    machine.onPut(11);
    effects.taken();

    machine.update(ByteString.copyFromUtf8("v2"));
    machine.onFailed(Failures.refused());

    assertThat(effects.taken()).endsWith("RETRYING REFUSED", "timer PT10S");
  }

  @Test
  void outagesBetweenRefusalsAreNotCounted() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(2), ConflictPolicy.WAIT);
    connect();
    machine.onFailed(Failures.refused());
    machine.onTimer();
    machine.onFailed(Failures.away());
    machine.onTimer();

    assertThat(machine.state()).isEqualTo(State.RETRYING);
  }

  @Test
  void aFailedRegistrationRecoversByItself() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(1), ConflictPolicy.WAIT);
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.refused());
    machine.onTimer();

    machine.onPut(11);

    assertThat(machine.state()).isEqualTo(State.REGISTERED);
    assertThat(effects.problem()).isEmpty();
  }

  @Test
  void retryNowBeginsANewRoundAtOnce() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(1), ConflictPolicy.WAIT);
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.refused());
    effects.taken();

    machine.retryNow();

    assertThat(effects.taken()).containsExactly("cancel timer", FIRST_PUT);
  }

  @Test
  void aReconnectDoesNotHastenARefusedRegistration() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.refused());
    effects.taken();

    machine.onDisconnected(Failures.away());
    machine.onConnected(Continuity.SAME);

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aRefusedLeaseIsARefusalOfTheRegistration() {
    machine = machine(RetryConfig.DEFAULT.withMaxAttemptTimes(2), ConflictPolicy.WAIT);

    machine.onLeaseRefused(Failures.denied());
    assertThat(effects.taken()).containsExactly("RETRYING REFUSED", "timer PT10S");

    machine.onTimer();
    machine.onLeaseRefused(Failures.denied());
    assertThat(effects.taken()).containsExactly("FAILED REFUSED", "timer PT30S");
  }

  @Test
  void aPutThatIsDeniedMovesTheKeyToALeaseOfItsOwnSoThatItCannotBlockTheOthers() {
    connect();
    machine.onRead(10, NOTHING);
    effects.taken();

    machine.onFailed(Failures.denied());
    assertThat(effects.taken()).containsExactly("move to a lease of its own");

    machine.onLease(2, TTL);
    machine.onFailed(Failures.denied());
    assertThat(effects.taken())
        .containsExactly(
            "put v1 under 2 if it is of revision 0 under 0", "RETRYING REFUSED", "timer PT10S");
  }

  // Giving up, as the Go registry does.

  @Test
  void whoGivesUpAsksNoMoreUntilToldTo() {
    machine =
        machine(RetryConfig.DEFAULT.withMaxAttemptTimes(1).withGiveUp(true), ConflictPolicy.WAIT);
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.refused());
    assertThat(effects.taken()).endsWith("FAILED REFUSED", "cancel timer");

    machine.onTimer();
    machine.onEvent(12, NOTHING);
    machine.onConnected(Continuity.SAME);
    assertThat(effects.taken()).isEmpty();

    machine.retryNow();
    assertThat(effects.taken()).containsExactly(FIRST_PUT);
  }

  @Test
  void whoGivesUpCountsOutagesToo() {
    machine =
        machine(RetryConfig.DEFAULT.withMaxAttemptTimes(3).withGiveUp(true), ConflictPolicy.WAIT);

    for (int attempt = 0; attempt < 3; attempt++) {
      assertThat(machine.state()).isNotEqualTo(State.FAILED);
      machine.onDisconnected(Failures.away());
      machine.onTimer();
    }

    assertThat(machine.state()).isEqualTo(State.FAILED);
  }

  @Test
  void whoHasGivenUpIsStillTakenOutOfServiceAndPutBack() {
    registerWith(RetryConfig.DEFAULT.withMaxAttemptTimes(1).withGiveUp(true), ConflictPolicy.WAIT);
    machine.update(ByteString.copyFromUtf8("v2"));
    machine.onFailed(Failures.refused());
    effects.taken();

    machine.pause();
    machine.onDeleted(12);
    assertThat(effects.taken()).containsExactly("PAUSED REQUESTED", "delete if under 1");

    machine.resume();
    assertThat(effects.taken())
        .containsExactly("RETRYING REQUESTED", "put v2 under 1 if it is of revision 0 under 0");
  }
}
