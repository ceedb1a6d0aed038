package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.Header;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionMachineTest {

  private static final List<String> CONNECTED_AS_BEFORE =
      List.of("open watches", "timer PT10S", "connected SAME");

  private final RecordingSessionEffects effects = new RecordingSessionEffects();
  private final SessionMachine session =
      new SessionMachine(effects, new Backoff(Duration.ofSeconds(5), new FakeRandom()));

  /** Of the cluster 1 in its term 2. */
  private static Header at(long revision) {
    return new Header(1, 1, revision, 2);
  }

  private void connectAt(long revision) {
    session.start();
    session.onProbed(1, at(revision));
    effects.taken();
  }

  private void headerOf(long revision) {
    session.onHeader(at(revision), session.incarnation());
  }

  // Connecting.

  @Test
  void nothingIsDoneBeforeSomethingWantsToBeWatched() {
    session.nudge();
    session.onTimer();

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aSessionStartsWithOneProbe() {
    session.start();
    session.start();

    assertThat(effects.taken()).containsExactly("probe 1");
    assertThat(session.isConnected()).isFalse();
  }

  @Test
  void theFirstAnswerIsTheHistoryThatIsKnownFromThenOn() {
    session.start();
    effects.taken();

    session.onProbed(1, at(10));

    assertThat(effects.taken()).isEqualTo(CONNECTED_AS_BEFORE);
    assertThat(session.isConnected()).isTrue();
  }

  @Test
  void whileEtcdIsAwayItIsAskedAgainAfterAGrowingPause() {
    session.start();
    session.onProbeFailed(1, Failures.away());
    assertThat(effects.taken()).containsExactly("probe 1", "timer PT0.1S", "disconnected");

    session.onTimer();
    session.onProbeFailed(2, Failures.away());
    assertThat(effects.taken()).containsExactly("probe 2", "timer PT0.2S", "disconnected");
  }

  @Test
  void whoNudgesDoesNotWaitForThePause() {
    session.start();
    session.onProbeFailed(1, Failures.away());
    effects.taken();

    session.nudge();

    assertThat(effects.taken()).containsExactly("probe 2");
  }

  @Test
  void aNudgeOfALiveSessionChangesNothing() {
    connectAt(10);

    session.nudge();

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aRefusedProbeMeansDoubtBecauseEtcdIsThereButSaysNothingOfItsHistory() {
    session.start();
    effects.taken();

    session.onProbeRefused(1);

    assertThat(effects.taken())
        .containsExactly("open watches", "timer PT10S", "connected DOUBTFUL");
  }

  // Losing the connection.

  @Test
  void oneProbeAfterTheEndOfTheWatchesTellsThatTheyCanResume() {
    connectAt(10);

    session.onWatchesEnded(Failures.away());
    session.onTimer();
    session.onProbed(2, at(10));

    assertThat(effects.taken())
        .containsExactly(
            "timer PT0.1S",
            "disconnected",
            "probe 2",
            "open watches",
            "timer PT10S",
            "connected SAME");
  }

  @Test
  void theBackoffGoesOnWhenAConnectionDidNotLast() {
    connectAt(10);
    session.onWatchesEnded(Failures.away());
    session.onTimer();
    session.onProbed(2, at(10));
    effects.taken();

    session.onWatchesEnded(Failures.away());

    assertThat(effects.taken()).containsExactly("timer PT0.2S", "disconnected");
  }

  @Test
  void theBackoffBeginsAnewAfterTenSecondsOfLife() {
    connectAt(10);
    session.onWatchesEnded(Failures.away());
    session.onTimer();
    session.onProbed(2, at(10));
    effects.taken();

    session.onTimer();
    session.onWatchesEnded(Failures.away());

    assertThat(effects.taken()).containsExactly("timer PT0.1S", "disconnected");
  }

  @Test
  void theEndOfWatchesThatWereClosedAlreadyIsNoNews() {
    connectAt(10);
    session.onWatchesEnded(Failures.away());
    effects.taken();

    session.onWatchesEnded(Failures.away());

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aLaterProbeTakesThePlaceOfAnEarlierOneWhoseAnswerMayBeFromBeforeTheEnd() {
    connectAt(10);
    headerOf(3);
    session.onWatchesEnded(Failures.away());
    session.onTimer();
    effects.taken();

    session.onProbed(2, at(10));
    assertThat(session.isConnected()).isFalse();

    session.onProbed(3, at(10));
    assertThat(effects.taken()).isEqualTo(CONNECTED_AS_BEFORE);
  }

  @Test
  void theAnswerToOneProbeCountsOnce() {
    connectAt(10);

    session.onProbed(1, at(2));
    session.onProbeFailed(1, Failures.away());
    session.onProbeRefused(1);

    assertThat(effects.taken()).isEmpty();
  }

  // The incarnation of etcd.

  @Test
  void aFallenRevisionIsOnlyASuspicion() {
    connectAt(10);

    headerOf(9);

    assertThat(effects.taken()).containsExactly("probe 2");
    assertThat(session.isConnected()).isTrue();
    assertThat(session.incarnation()).isZero();
  }

  @Test
  void aLaggingMemberIsClearedByTheProbe() {
    connectAt(10);
    headerOf(9);
    effects.taken();

    session.onProbed(2, at(10));

    assertThat(effects.taken()).isEmpty();
    assertThat(session.incarnation()).isZero();
  }

  @Test
  void aProbeThatFellTooIsANewIncarnation() {
    connectAt(10);
    headerOf(9);
    effects.taken();

    session.onProbed(2, at(9));

    assertThat(effects.taken())
        .containsExactly("close watches", "open watches", "timer PT10S", "connected NEW");
    assertThat(session.incarnation()).isEqualTo(1);
  }

  @Test
  void aFallenTermIsASuspicionToo() {
    connectAt(10);

    session.onHeader(new Header(1, 1, 10, 1), 0);
    session.onProbed(2, new Header(1, 1, 10, 1));

    assertThat(effects.taken()).contains("probe 2", "connected NEW");
  }

  @Test
  void anotherClusterIsANewIncarnationHoweverFarItHasCome() {
    connectAt(10);

    session.onHeader(new Header(2, 1, 99, 9), 0);
    session.onProbed(2, new Header(2, 1, 99, 9));

    assertThat(effects.taken()).contains("probe 2", "connected NEW");
  }

  @Test
  void anEtcdThatCameBackEmptyIsFoundByTheProbeOfTheReconnect() {
    connectAt(10);
    session.onWatchesEnded(Failures.away());
    session.onTimer();
    effects.taken();

    session.onProbed(2, at(1));

    assertThat(effects.taken()).containsExactly("open watches", "timer PT10S", "connected NEW");
  }

  @Test
  void whatWasSeenAfterAProbeWasSentDoesNotMakeItsAnswerLookOld() {
    connectAt(10);
    headerOf(9);
    headerOf(12);
    effects.taken();

    session.onProbed(2, at(11));

    assertThat(effects.taken()).isEmpty();
    assertThat(session.incarnation()).isZero();
  }

  @Test
  void oneSuspicionIsProbedOnce() {
    connectAt(10);

    headerOf(9);
    headerOf(8);

    assertThat(effects.taken()).containsExactly("probe 2");
  }

  @Test
  void aSuspicionWhoseProbeFailedComesUpAgainWithTheNextFall() {
    connectAt(10);
    headerOf(9);
    session.onProbeFailed(2, Failures.away());
    effects.taken();

    headerOf(9);

    assertThat(effects.taken()).containsExactly("probe 3");
    assertThat(session.isConnected()).isTrue();
  }

  @Test
  void answersToWhatWasAskedInAnEarlierIncarnationAreNotLookedAt() {
    connectAt(10);
    headerOf(2);
    session.onProbed(2, at(2));
    effects.taken();

    session.onHeader(at(10), 0);
    headerOf(3);

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void theNewIncarnationIsMeasuredByItsOwnRevisions() {
    connectAt(10);
    headerOf(2);
    session.onProbed(2, at(2));
    headerOf(5);
    effects.taken();

    headerOf(4);

    assertThat(effects.taken()).containsExactly("probe 3");
  }

  @Test
  void aFallWhileEtcdIsAwayIsLeftToTheProbeOfTheReconnect() {
    connectAt(10);
    session.onWatchesEnded(Failures.away());
    effects.taken();

    headerOf(1);

    assertThat(effects.taken()).isEmpty();
  }

  // Stopping.

  @Test
  void aStoppedSessionClosesItsWatchesAndListensToNothing() {
    connectAt(10);
    headerOf(9);
    effects.taken();

    session.stop();
    session.onProbed(2, at(1));
    session.onTimer();
    session.onWatchesEnded(Failures.away());

    assertThat(effects.taken()).containsExactly("close watches");
    assertThat(session.isConnected()).isFalse();
  }

  @Test
  void aStoppedSessionCanStartAgainAndStillKnowsTheHistory() {
    connectAt(10);
    session.stop();
    effects.taken();

    session.start();
    session.onProbed(2, at(4));

    assertThat(effects.taken()).startsWith("probe 2").contains("connected NEW");
  }
}
