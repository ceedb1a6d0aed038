package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Pausing and closing, at any moment. */
class RegistrationEndTest extends DrivenRegistration {

  // Pausing.

  @Test
  void aPausedRegistrationDeletesItsKeyAndKeepsItsWatchAndLease() {
    register();

    machine.pause();
    machine.onDeleted(12);

    assertThat(effects.taken()).containsExactly("PAUSED REQUESTED", "delete if under 1");
  }

  @Test
  void aPausedRegistrationDeletesAKeyThatComesLate() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.away());
    machine.pause();
    machine.onConflict(11, NOTHING);
    effects.taken();

    machine.onEvent(12, key("v1", 12, 1));

    assertThat(effects.taken()).containsExactly("delete if under 1");
  }

  @Test
  void pauseWinsOverAPutThatIsUnderWay() {
    connect();
    machine.onRead(10, NOTHING);
    machine.pause();
    effects.taken();

    machine.onPut(11);

    assertThat(effects.taken()).containsExactly("delete if under 1");
    assertThat(machine.state()).isEqualTo(State.PAUSED);
  }

  @Test
  void aPutThatIsRefusedAfterPauseIsNoNews() {
    register();
    machine.update(ByteString.copyFromUtf8("v2"));
    machine.pause();
    effects.taken();

    machine.onFailed(Failures.refused());

    assertThat(effects.taken()).containsExactly("delete if under 1");
    assertThat(machine.state()).isEqualTo(State.PAUSED);
  }

  @Test
  void aDeleteThatIsRefusedWhilePausedIsRepeatedForAsLongAsItTakes() {
    registerWith(RetryConfig.DEFAULT.withMaxAttemptTimes(1).withGiveUp(true), ConflictPolicy.WAIT);
    machine.pause();
    effects.taken();

    machine.onFailed(Failures.denied());
    machine.onTimer();

    assertThat(effects.taken()).containsExactly("timer PT10S", "delete if under 1");
    assertThat(machine.state()).isEqualTo(State.PAUSED);
    assertThat(effects.problem()).isPresent();
  }

  @Test
  void aPausedRegistrationLeavesAForeignKeyAlone() {
    register();
    machine.pause();
    machine.onConflict(12, key("theirs", 12, 66));
    effects.taken();

    machine.onEvent(13, key("theirs", 13, 66));

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aResumedRegistrationPutsItsKeyAgain() {
    register();
    machine.pause();
    machine.onDeleted(12);
    effects.taken();

    machine.resume();
    machine.onPut(13);

    assertThat(effects.taken())
        .containsExactly("RETRYING REQUESTED", FIRST_PUT, "REGISTERED WRITTEN");
  }

  @Test
  void resumeDuringTheDeletePutsAfterIt() {
    register();
    machine.pause();
    machine.resume();
    effects.taken();

    machine.onDeleted(12);

    assertThat(effects.taken()).containsExactly(FIRST_PUT);
  }

  @Test
  void aResumedRegistrationDoesNotTakeAKeyOverThatSomebodyElseHasTakenMeanwhile() {
    register();
    machine.pause();
    machine.onDeleted(12);
    machine.onEvent(13, key("theirs", 13, 66));
    effects.taken();

    machine.resume();

    assertThat(effects.taken()).containsExactly("RETRYING REQUESTED", "CONFLICT FOREIGN_OWNER");
  }

  @Test
  void pauseAndResumeTwiceAreOnce() {
    register();
    machine.resume();
    assertThat(effects.taken()).isEmpty();

    machine.pause();
    machine.pause();
    assertThat(effects.taken()).containsExactly("PAUSED REQUESTED", "delete if under 1");
  }

  // Closing.

  @Test
  void aClosedRegistrationDeletesItsKeyIfItIsUnderOurLease() {
    register();

    machine.close();
    assertThat(effects.taken()).containsExactly("delete if under 1");

    machine.onDeleted(12);
    assertThat(effects.taken())
        .containsExactly("leave the lease", "unwatch", "cancel timer", "CLOSED REQUESTED");
  }

  @Test
  void aKeyThatBelongsToAnotherProcessByNowIsNotDeleted() {
    register();
    machine.close();

    machine.onConflict(12, key("newer", 12, 66));

    assertThat(effects.taken()).doesNotContain("delete if under 66").endsWith("CLOSED REQUESTED");
  }

  @Test
  void whoIsInConflictHasNothingToDelete() {
    register();
    machine.onEvent(12, key("theirs", 12, 66));
    effects.taken();

    machine.close();

    assertThat(effects.taken()).doesNotContain("delete").endsWith("CLOSED REQUESTED");
  }

  @Test
  void whoNeverPutHasNothingToDelete() {
    machine.close();

    assertThat(effects.taken())
        .containsExactly("leave the lease", "unwatch", "cancel timer", "CLOSED REQUESTED");
  }

  @Test
  void closeWinsOverAPutThatIsUnderWay() {
    connect();
    machine.onRead(10, NOTHING);
    effects.taken();

    machine.close();
    assertThat(effects.taken()).isEmpty();

    machine.onPut(11);
    assertThat(effects.taken()).containsExactly("delete if under 1");

    machine.onDeleted(12);
    assertThat(machine.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void aPutOfUnknownOutcomeIsFencedAfterTheDelete() {
    connect();
    machine.onRead(10, NOTHING);
    machine.close();
    machine.onFailed(Failures.away());
    machine.onTimer();
    assertThat(effects.taken()).endsWith("timer PT0.1S", "delete if under 1");

    machine.onConflict(11, NOTHING);
    assertThat(effects.taken()).containsExactly("leave the lease", "fence 1");
    assertThat(machine.state()).isNotEqualTo(State.CLOSED);

    machine.onFenced();
    assertThat(effects.taken()).containsExactly("unwatch", "cancel timer", "CLOSED REQUESTED");
  }

  @Test
  void anEarlierPutOfUnknownOutcomeIsFencedToo() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.away());
    machine.onTimer();
    machine.onPut(12);
    machine.close();
    effects.taken();

    machine.onDeleted(13);

    assertThat(effects.taken()).containsExactly("leave the lease", "fence 1");
  }

  @Test
  void aDeleteOfUnknownOutcomeIsRepeated() {
    register();
    machine.close();
    machine.onFailed(Failures.away());
    machine.onTimer();

    assertThat(effects.taken())
        .containsExactly("delete if under 1", "timer PT0.1S", "delete if under 1");
  }

  @Test
  void aKeyThatMayNotBeDeletedEndsWithItsLease() {
    register();
    machine.close();
    effects.taken();

    machine.onFailed(Failures.denied());

    assertThat(effects.taken()).containsExactly("leave the lease", "fence 1");
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"DENIED", "REFUSED", "UNAUTHENTICATED", "LEASE_NOT_FOUND"})
  void aPutThatIsRefusedWhileClosingLeavesNothingToWaitFor(Kind kind) {
    connect();
    machine.onRead(10, NOTHING);
    machine.close();
    effects.taken();

    machine.onFailed(Failures.of(kind));

    assertThat(effects.taken()).endsWith("CLOSED REQUESTED").doesNotContain("timer PT10S");
  }

  @Test
  void aReadThatIsRefusedWhileClosingLeavesNothingToWaitForThoughWeWouldGiveUp() {
    machine =
        machine(RetryConfig.DEFAULT.withMaxAttemptTimes(1).withGiveUp(true), ConflictPolicy.WAIT);
    connect();
    machine.close();

    machine.onFailed(Failures.denied());

    assertThat(machine.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void aCloseIsTriedWithoutAConnectionTooForEtcdMayBeThereAllTheSame() {
    register();
    machine.onDisconnected(Failures.away());

    machine.close();

    assertThat(effects.taken()).containsExactly("delete if under 1");
  }

  @Test
  void aCloseDoesNotWaitForABackoff() {
    register();
    machine.update(ByteString.copyFromUtf8("v2"));
    machine.onFailed(Failures.away());
    effects.taken();

    machine.close();

    assertThat(effects.taken()).containsExactly("cancel timer", "delete if under 1");
  }

  @Test
  void aRegistrationThatFailedOrGaveUpCanBeClosed() {
    machine =
        machine(RetryConfig.DEFAULT.withMaxAttemptTimes(1).withGiveUp(true), ConflictPolicy.WAIT);
    connect();
    machine.onFailed(Failures.refused());

    machine.close();

    assertThat(machine.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void nothingBringsAClosedRegistrationBack() {
    register();
    machine.close();
    machine.onDeleted(12);
    effects.taken();

    machine.close();
    machine.pause();
    machine.resume();
    machine.retryNow();
    machine.update(ByteString.copyFromUtf8("v2"));
    machine.onLeaseLost();
    machine.onLease(2, TTL);
    machine.onEvent(13, key("v1", 13, 1));
    machine.onDisconnected(Failures.away());
    machine.onConnected(Continuity.NEW);
    machine.onTimer();

    assertThat(effects.taken()).isEmpty();
    assertThat(machine.state()).isEqualTo(State.CLOSED);
  }

  @ParameterizedTest
  @EnumSource(value = ConflictPolicy.class, mode = Mode.MATCH_ALL, names = ".*")
  void whateverHappensOneRequestIsUnderWayAndNothingForeignIsTouched(ConflictPolicy policy) {
    for (long seed = 0; seed < 300; seed++) {
      new RandomRegistration(seed, policy).run(150);
    }
  }
}
