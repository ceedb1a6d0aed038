package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Registers a key, defends it, and changes it. */
class RegistrationMachineTest extends DrivenRegistration {

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
}
