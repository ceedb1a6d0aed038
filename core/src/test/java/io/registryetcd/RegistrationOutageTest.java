package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException.Kind;
import org.junit.jupiter.api.Test;

/** etcd goes away, a lease ends, a watch breaks, another history begins. */
class RegistrationOutageTest extends DrivenRegistration {

  // Outages.

  @Test
  void anOutageDoesNotHideAConflict() {
    register();
    machine.onEvent(12, key("theirs", 12, 66));
    assertThat(machine.state()).isEqualTo(State.CONFLICT);

    machine.onDisconnected(Failures.away());

    assertThat(effects.problem()).isEmpty(); // but for that of the conflict itself
    assertThat(machine.state()).isEqualTo(State.CONFLICT);
  }

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
}
