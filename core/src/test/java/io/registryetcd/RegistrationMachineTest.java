package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.KeyValue;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/** The leases 1, 2 and 3 are ours, 66 is another process's, 0 is none. */
class RegistrationMachineTest {

  private static final Duration TTL = Duration.ofSeconds(6);
  private static final Optional<KeyValue> NOTHING = Optional.empty();
  private static final String FIRST_PUT = "put v1 under 1 if it is of revision 0 under 0";

  private final RecordingRegistrationEffects effects = new RecordingRegistrationEffects();
  private RegistrationMachine machine = machine(RetryConfig.DEFAULT, ConflictPolicy.WAIT);

  private RegistrationMachine machine(RetryConfig retry, ConflictPolicy policy) {
    FakeRandom random = new FakeRandom();
    return new RegistrationMachine(
        new RegistrationMachine.Settings(
            "k",
            retry,
            policy,
            Set.of(1L, 2L, 3L)::contains,
            new Backoff(Duration.ofSeconds(5), random),
            random),
        ByteString.copyFromUtf8("v1"),
        effects);
  }

  private static Optional<KeyValue> key(String value, long modRevision, long lease) {
    return Optional.of(
        new KeyValue(
            ByteString.copyFromUtf8("k"),
            ByteString.copyFromUtf8(value),
            modRevision,
            modRevision,
            1,
            lease));
  }

  private void connect() {
    machine.onLease(1, TTL);
    machine.onConnected(Continuity.SAME);
  }

  /** The key is there as revision 11, in a history that has come to 11. */
  private void register() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onPut(11);
    assertThat(machine.state()).isEqualTo(State.REGISTERED);
    effects.taken();
  }

  private void registerWith(RetryConfig retry, ConflictPolicy policy) {
    machine = machine(retry, policy);
    register();
  }

  // The first put.

  @Test
  void aRegistrationReadsTheKeyThenPutsItAndWatchesItFromTheRevisionAfterTheRead() {
    connect();
    assertThat(effects.taken()).containsExactly("read");

    machine.onRead(10, NOTHING);
    assertThat(effects.taken()).containsExactly("watch from 11", FIRST_PUT);
    assertThat(machine.state()).isEqualTo(State.REGISTERING);

    machine.onPut(11);
    assertThat(effects.taken()).containsExactly("REGISTERED WRITTEN");
  }

  @Test
  void nothingIsPutBeforeThereIsALease() {
    machine.onConnected(Continuity.SAME);
    machine.onRead(10, NOTHING);
    assertThat(effects.taken()).containsExactly("read", "watch from 11");

    machine.onLease(1, TTL);
    assertThat(effects.taken()).containsExactly(FIRST_PUT);
  }

  @Test
  void nothingIsAskedWhileEtcdIsAway() {
    machine.onLease(1, TTL);

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void theFirstPutTakesTheKeyOverWhoeverOwnsItAndTells() {
    connect();
    machine.onRead(10, key("old", 8, 66));
    assertThat(effects.taken())
        .containsExactly("read", "watch from 11", "put v1 under 1 if it is of revision 8 under 66");

    machine.onPut(11);
    assertThat(effects.taken()).containsExactly("REGISTERED TOOK_OVER");
  }

  @Test
  void aTakeoverThatMissedBecauseTheOwnerWroteMeanwhileIsTriedOnWhatIsThereNow() {
    connect();
    machine.onRead(10, key("old", 8, 66));
    effects.taken();

    machine.onConflict(12, key("older", 12, 66));

    assertThat(effects.taken()).containsExactly("put v1 under 1 if it is of revision 12 under 66");
  }

  @Test
  void aKeyThatIsThereAsWantedIsNotWrittenAgain() {
    connect();
    machine.onRead(10, key("v1", 8, 1));

    assertThat(effects.taken()).containsExactly("read", "watch from 11", "REGISTERED WRITTEN");
  }

  @Test
  void ourOwnKeyUnderAnOlderLeaseOfOursIsMoved() {
    connect();
    machine.onRead(10, key("v1", 8, 2));

    assertThat(effects.taken()).contains("put v1 under 1 if it is of revision 8 under 2");
  }

  // The key is disturbed.

  @Test
  void aDeletedKeyIsPutAgainAtOnce() {
    register();

    machine.onEvent(12, NOTHING);

    assertThat(effects.taken()).containsExactly("RETRYING KEY_DELETED", FIRST_PUT);
    machine.onPut(13);
    assertThat(effects.taken()).containsExactly("REGISTERED WRITTEN");
  }

  @Test
  void aForeignValueUnderOurLeaseIsToldAndPutRight() {
    register();

    machine.onEvent(12, key("odd", 12, 1));

    assertThat(effects.taken())
        .containsExactly("RETRYING MODIFIED", "put v1 under 1 if it is of revision 12 under 1");
  }

  @ParameterizedTest
  @ValueSource(longs = {66, 0})
  void aForeignOwnerIsLeftAloneAndTold(long lease) {
    register();

    machine.onEvent(12, key("theirs", 12, lease));

    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER");
  }

  @Test
  void aConflictThatIsFoundByAPutIsLeftAloneToo() {
    register();
    machine.onEvent(12, NOTHING);
    effects.taken();

    machine.onConflict(13, key("theirs", 13, 66));

    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER");
  }

  @Test
  void theKeyIsPutAtOnceWhenItsForeignOwnerGoes() {
    register();
    machine.onEvent(12, key("theirs", 12, 66));
    effects.taken();

    machine.onEvent(13, NOTHING);
    machine.onPut(14);

    assertThat(effects.taken()).containsExactly(FIRST_PUT, "REGISTERED WRITTEN");
  }

  @Test
  void theRegularCheckFindsWhatTheWatchDidNotShow() {
    register();

    machine.onChecked(20, NOTHING);

    assertThat(effects.taken()).containsExactly("RETRYING KEY_DELETED", FIRST_PUT);
  }

  @Test
  void aCheckThatFindsEverythingRightSaysNothing() {
    register();

    machine.onChecked(20, key("v1", 11, 1));

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void eventsFromBeforeWhatIsKnownAreIgnored() {
    register();

    machine.onEvent(9, NOTHING);
    machine.onEvent(11, key("theirs", 11, 66));
    machine.onChecked(10, NOTHING);

    assertThat(effects.taken()).isEmpty();
    assertThat(machine.state()).isEqualTo(State.REGISTERED);
  }

  @Test
  void theEchoOfOurOwnPutIsNoNews() {
    register();

    machine.onEvent(11, key("v1", 11, 1));

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void theEchoOfAPutThatArrivesBeforeItsAnswerIsNoDisturbance() {
    register();
    machine.update(ByteString.copyFromUtf8("v2"));
    machine.onEvent(12, key("v2", 12, 1));
    machine.onPut(12);

    assertThat(effects.taken()).containsExactly("put v2 under 1 if it is of revision 11 under 1");
  }

  // Policies of conflict.

  @Test
  void reclaimTakesTheKeyBackAfterATimeToLiveAsItWasLastSeen() {
    registerWith(RetryConfig.DEFAULT, ConflictPolicy.RECLAIM);
    machine.onEvent(12, key("theirs", 12, 66));
    machine.onEvent(14, key("theirs still", 14, 66));
    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER", "timer PT6S");

    machine.onTimer();

    assertThat(effects.taken()).containsExactly("put v1 under 1 if it is of revision 14 under 66");
  }

  @Test
  void reclaimHappensAtMostOnceInEachTimeToLive() {
    registerWith(RetryConfig.DEFAULT, ConflictPolicy.RECLAIM);
    machine.onEvent(12, key("theirs", 12, 66));
    machine.onTimer();
    machine.onPut(13);
    effects.taken();

    machine.onEvent(14, key("theirs", 14, 66));
    machine.onEvent(15, key("theirs", 15, 66));

    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER", "timer PT6S");
  }

  @Test
  void aReclaimThatMissedWaitsForAnotherTimeToLive() {
    registerWith(RetryConfig.DEFAULT, ConflictPolicy.RECLAIM);
    machine.onEvent(12, key("theirs", 12, 66));
    machine.onTimer();
    effects.taken();

    machine.onConflict(15, key("theirs", 15, 66));

    assertThat(effects.taken()).containsExactly("timer PT6S");
  }

  @Test
  void aKeyThatGoesEndsTheWaitOfReclaim() {
    registerWith(RetryConfig.DEFAULT, ConflictPolicy.RECLAIM);
    machine.onEvent(12, key("theirs", 12, 66));
    effects.taken();

    machine.onEvent(13, NOTHING);

    assertThat(effects.taken()).containsExactly("cancel timer", FIRST_PUT);
  }

  @Test
  void adoptTakesAKeyWithoutALeaseAfterATimeToLive() {
    registerWith(RetryConfig.DEFAULT, ConflictPolicy.ADOPT);
    machine.onEvent(12, key("immortal", 12, 0));
    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER", "timer PT6S");

    machine.onTimer();

    assertThat(effects.taken()).containsExactly("put v1 under 1 if it is of revision 12 under 0");
  }

  @Test
  void adoptHappensAtMostOnceInEachTimeToLive() {
    registerWith(RetryConfig.DEFAULT, ConflictPolicy.ADOPT);
    machine.onEvent(12, key("immortal", 12, 0));
    machine.onTimer();
    machine.onPut(13);
    effects.taken();

    machine.onEvent(14, key("immortal", 14, 0));

    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER", "timer PT6S");
  }

  @Test
  void adoptLeavesAKeyWithALeaseAlone() {
    registerWith(RetryConfig.DEFAULT, ConflictPolicy.ADOPT);

    machine.onEvent(12, key("theirs", 12, 66));
    machine.onTimer();

    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER");
  }

  // Updates.

  @Test
  void anUpdateIsPutOverWhatIsThere() {
    register();

    machine.update(ByteString.copyFromUtf8("v2"));

    assertThat(effects.taken()).containsExactly("put v2 under 1 if it is of revision 11 under 1");
  }

  @Test
  void anUpdateWhileAPutIsUnderWayFollowsIt() {
    connect();
    machine.onRead(10, NOTHING);
    effects.taken();

    machine.update(ByteString.copyFromUtf8("v2"));
    assertThat(effects.taken()).isEmpty();

    machine.onPut(11);
    assertThat(effects.taken()).containsExactly("put v2 under 1 if it is of revision 11 under 1");

    machine.onPut(12);
    assertThat(effects.taken()).containsExactly("REGISTERED WRITTEN");
  }

  @Test
  void ofManyUpdatesWhileAPutIsUnderWayTheLastIsPut() {
    connect();
    machine.onRead(10, NOTHING);
    machine.update(ByteString.copyFromUtf8("v2"));
    machine.update(ByteString.copyFromUtf8("v3"));
    effects.taken();

    machine.onPut(11);

    assertThat(effects.taken()).containsExactly("put v3 under 1 if it is of revision 11 under 1");
  }

  @Test
  void anUpdateWhileEtcdIsAwayIsPutWhenItIsBack() {
    register();
    machine.onDisconnected(Failures.away());

    machine.update(ByteString.copyFromUtf8("v2"));
    assertThat(effects.taken()).isEmpty();

    machine.onConnected(Continuity.SAME);
    assertThat(effects.taken())
        .containsExactly("watch from 11", "put v2 under 1 if it is of revision 11 under 1");
  }

  @Test
  void anUpdateOfAKeyThatWasTakenOverIsNotPut() {
    register();
    machine.onEvent(12, key("theirs", 12, 66));
    effects.taken();

    machine.update(ByteString.copyFromUtf8("v2"));

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void anUpdateThatSucceedsInTheEndLeavesNoProblemBehind() {
    register();
    machine.update(ByteString.copyFromUtf8("v2"));
    machine.onFailed(Failures.away());
    assertThat(effects.problem()).isPresent();

    machine.onTimer();
    machine.onPut(13);

    assertThat(effects.problem()).isEmpty();
    assertThat(machine.state()).isEqualTo(State.REGISTERED);
  }

  // Outages.

  @Test
  void anOutageOfEtcdDoesNotChangeTheStateOfWhatIsRegistered() {
    register();

    machine.onDisconnected(Failures.away());
    machine.onConnected(Continuity.SAME);

    assertThat(machine.state()).isEqualTo(State.REGISTERED);
    assertThat(effects.problem()).isEmpty();
  }

  @Test
  void theWatchResumesBehindTheLastEventAndNothingIsRead() {
    register();
    machine.onEvent(15, key("v1", 15, 1));
    effects.taken();

    machine.onDisconnected(Failures.away());
    machine.onConnected(Continuity.SAME);

    assertThat(effects.taken()).containsExactly("watch from 16");
  }

  @Test
  void aPutOfOursDoesNotMoveTheWatchForItsRevisionMayBeAheadOfTheEvents() {
    register();

    machine.onDisconnected(Failures.away());
    machine.onConnected(Continuity.SAME);

    assertThat(effects.taken()).containsExactly("watch from 11");
  }

  @Test
  void failedAttemptsDuringAnOutageAreRepeatedWithoutEndAndNeverCounted() {
    connect();
    for (int attempt = 0; attempt < 100; attempt++) {
      machine.onFailed(Failures.away());
      machine.onTimer();
    }

    assertThat(machine.state()).isEqualTo(State.REGISTERING);
    assertThat(effects.taken())
        .startsWith("read", "timer PT0.1S", "read", "timer PT0.2S", "read", "timer PT0.4S")
        .endsWith("timer PT5S", "read");
  }

  @Test
  void whoReconnectsDoesNotWaitForTheBackoff() {
    connect();
    machine.onFailed(Failures.away());
    machine.onDisconnected(Failures.away());
    effects.taken();

    machine.onConnected(Continuity.SAME);

    assertThat(effects.taken()).containsExactly("cancel timer", "read");
  }

  @Test
  void aPutOfUnknownOutcomeIsRepeatedOnWhatWasKnownSoThatItCannotBeExecutedTwice() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.away());
    effects.taken();

    machine.onTimer();
    assertThat(effects.taken()).containsExactly(FIRST_PUT);

    machine.onConflict(12, key("v1", 11, 1));
    assertThat(effects.taken()).containsExactly("REGISTERED WRITTEN");
  }

  @Test
  void aTakeoverOfUnknownOutcomeThatIsSeenLaterIsToldAsSuch() {
    connect();
    machine.onRead(10, key("old", 8, 66));
    machine.onFailed(Failures.away());

    machine.onTimer();
    machine.onEvent(11, key("v1", 11, 1));
    machine.onConflict(11, key("v1", 11, 1));

    assertThat(effects.taken()).endsWith("REGISTERED TOOK_OVER");
  }

  @Test
  void aTakeoverOfUnknownOutcomeIsRepeatedAsItWas() {
    connect();
    machine.onRead(10, key("old", 8, 66));
    machine.onFailed(Failures.away());
    effects.taken();

    machine.onTimer();

    assertThat(effects.taken()).containsExactly("put v1 under 1 if it is of revision 8 under 66");
  }

  @Test
  void whoMayHaveTakenTheKeyOverOnceDoesNotTakeItFromANewerProcess() {
    connect();
    machine.onRead(10, key("old", 8, 66));
    machine.onFailed(Failures.away());
    machine.onEvent(12, key("newer", 12, 67));
    effects.taken();

    machine.onTimer();

    assertThat(effects.taken()).containsExactly("CONFLICT FOREIGN_OWNER");
  }

  // The lease.

  @Test
  void aLostLeaseIsToldAndTheKeyIsPutUnderTheNextOne() {
    register();

    machine.onLeaseLost();
    assertThat(effects.taken()).containsExactly("RETRYING LEASE_LOST");

    machine.onLease(2, TTL);
    assertThat(effects.taken()).containsExactly("put v1 under 2 if it is of revision 11 under 1");

    machine.onConflict(13, NOTHING);
    assertThat(effects.taken()).containsExactly("put v1 under 2 if it is of revision 0 under 0");
  }

  @Test
  void aDeletedKeyWaitsForTheNextLeaseIfItsOwnIsLost() {
    register();
    machine.onLeaseLost();
    machine.onEvent(12, NOTHING);
    effects.taken();

    machine.onLease(2, TTL);

    assertThat(effects.taken()).containsExactly("put v1 under 2 if it is of revision 0 under 0");
  }

  @Test
  void aPutThatFindsNoSuchLeaseSaysSoAndWaitsForTheNextOne() {
    connect();
    machine.onRead(10, NOTHING);
    effects.taken();

    machine.onFailed(Failures.of(Kind.LEASE_NOT_FOUND));
    assertThat(effects.taken()).containsExactly("no lease 1");

    machine.onLease(2, TTL);
    assertThat(effects.taken()).containsExactly("put v1 under 2 if it is of revision 0 under 0");
  }

  @Test
  void aDoubtfulLeaseIsToldAndNothingIsPutUnderIt() {
    register();

    machine.onLeaseDoubtful(true);
    machine.onEvent(12, NOTHING);
    assertThat(effects.taken()).containsExactly("RETRYING UNREACHABLE");

    machine.onLeaseDoubtful(false);
    assertThat(effects.taken()).containsExactly(FIRST_PUT);
  }

  @Test
  void aLeaseThatWasDoubtfulForNothingIsAsGoodAsBefore() {
    register();

    machine.onLeaseDoubtful(true);
    machine.onLeaseDoubtful(false);

    assertThat(effects.taken()).containsExactly("RETRYING UNREACHABLE", "REGISTERED WRITTEN");
  }

  @Test
  void theKeyHasMovedWhenItIsUnderTheNewLeaseAndNoRequestIsUnderWay() {
    register();
    assertThat(machine.hasMovedTo(1)).isTrue();
    assertThat(machine.hasMovedTo(2)).isFalse();

    machine.onLease(2, TTL);
    assertThat(machine.hasMovedTo(2)).isFalse();

    machine.onPut(12);
    assertThat(machine.hasMovedTo(2)).isTrue();
    assertThat(machine.hasMovedTo(1)).isFalse();
  }

  @Test
  void aKeyThatAPutOfUnknownOutcomeMayHavePutUnderTheOldLeaseHasNotMoved() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.away());

    machine.onLease(2, TTL);

    assertThat(machine.hasMovedTo(2)).isFalse();
  }

  @Test
  void whatWasNeverPutHasNothingToMoveThoughItMayNotReadItsKey() {
    connect();
    assertThat(machine.hasMovedTo(2)).as("while it reads").isFalse();

    machine.onFailed(Failures.denied());
    assertThat(machine.hasMovedTo(2)).isTrue();

    machine.onTimer();
    machine.onRead(10, NOTHING);
    machine.onFailed(Failures.away());
    machine.onConnected(Continuity.DOUBTFUL);
    machine.onFailed(Failures.denied());
    assertThat(machine.hasMovedTo(2)).as("after a put of unknown outcome").isFalse();
  }

  @Test
  void theEndOfTheSessionEndsItWhateverIsUnderWay() {
    register();
    machine.update(ByteString.copyFromUtf8("v2"));
    effects.taken();

    machine.onSessionClosed();
    machine.onFailed(Failures.away());
    machine.onTimer();

    assertThat(effects.taken()).containsExactly("unwatch", "cancel timer", "CLOSED REQUESTED");
    assertThat(machine.state()).isEqualTo(State.CLOSED);
  }

  @Test
  void aForeignKeyIsInNobodysWay() {
    register();
    machine.onEvent(12, key("theirs", 12, 66));

    assertThat(machine.hasMovedTo(2)).isTrue();
  }

  // Another incarnation of etcd.

  @Test
  void aNewIncarnationIsReadAfreshAndPutUnderANewLease() {
    register();

    machine.onConnected(Continuity.NEW);
    assertThat(effects.taken()).containsExactly("RETRYING NEW_INCARNATION", "read");

    machine.onRead(3, NOTHING);
    assertThat(effects.taken()).containsExactly("watch from 4");

    machine.onLease(2, TTL);
    assertThat(effects.taken()).containsExactly("put v1 under 2 if it is of revision 0 under 0");
  }

  @Test
  void theGhostThatASnapshotBroughtBackIsOursAndMovedToTheNewLease() {
    register();
    machine.onConnected(Continuity.NEW);
    machine.onLease(2, TTL);
    effects.taken();

    machine.onRead(5, key("v0", 4, 1));

    assertThat(effects.taken())
        .containsExactly("watch from 6", "put v1 under 2 if it is of revision 4 under 1");
  }

  @Test
  void whatWasAskedInAnEarlierIncarnationIsNotBelieved() {
    connect();
    machine.onConnected(Continuity.NEW);
    machine.onLease(2, TTL);
    effects.taken();

    machine.onRead(10, key("v1", 8, 2));

    assertThat(effects.taken()).containsExactly("read");
  }

  @Test
  void aPutOfAnEarlierIncarnationSaysNothingOfTheNewOne() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onConnected(Continuity.NEW);
    machine.onLease(2, TTL);
    effects.taken();

    machine.onPut(11);

    assertThat(effects.taken()).containsExactly("read");
    assertThat(machine.state()).isEqualTo(State.REGISTERING);
  }

  @Test
  void inDoubtTheKeyIsReadAgainAndTheStateStays() {
    register();

    machine.onConnected(Continuity.DOUBTFUL);
    machine.onRead(20, key("v1", 11, 1));

    assertThat(effects.taken()).containsExactly("read", "watch from 21");
    assertThat(machine.state()).isEqualTo(State.REGISTERED);
  }

  // The watch.

  @Test
  void aCompactedWatchReadsTheKeyAgain() {
    register();

    machine.onWatchCanceled(Failures.of(Kind.COMPACTED));
    machine.onRead(50, key("v1", 11, 1));

    assertThat(effects.taken()).containsExactly("read", "watch from 51");
  }

  @Test
  void aWatchThatIsRefusedIsAskedForAgainAtASteadyPace() {
    register();

    machine.onWatchCanceled(Failures.denied());
    machine.onTimer();

    assertThat(effects.taken()).containsExactly("timer PT10S", "watch from 11");
  }

  @Test
  void aWatchThatEtcdEndedIsAskedForAgainWithAGrowingPause() {
    register();

    machine.onWatchCanceled(Failures.away());
    machine.onTimer();
    machine.onWatchCanceled(Failures.away());

    assertThat(effects.taken()).containsExactly("timer PT0.1S", "watch from 11", "timer PT0.2S");
  }

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
