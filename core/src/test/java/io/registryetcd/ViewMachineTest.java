package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.WatchEvent;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ViewMachineTest {

  private final FakeRandom random = new FakeRandom();
  private final RecordingViewEffects effects = new RecordingViewEffects();
  private final ViewMachine view =
      new ViewMachine(
          effects, new Backoff(Duration.ofSeconds(5), random), Duration.ofSeconds(10), random);

  private static List<WatchEvent> events(long... revisions) {
    return Arrays.stream(revisions)
        .mapToObj(revision -> WatchEvent.delete(ByteString.copyFromUtf8("k"), revision))
        .toList();
  }

  /** Live, with everything up to revision 10. */
  private void followFrom10() {
    view.onConnected(Continuity.SAME);
    view.onListed(1, 10, List.of());
    effects.taken();
  }

  // Following.

  @Test
  void nothingIsAskedWhileEtcdIsAway() {
    view.check();
    view.onTimer();

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aViewListsAndThenWatchesFromTheRevisionAfterTheList() {
    view.onConnected(Continuity.SAME);
    assertThat(effects.taken()).containsExactly("list 1");

    view.onListed(1, 10, List.of());
    assertThat(effects.taken()).containsExactly("replaced at 10", "watch from 11");
  }

  @Test
  void aViewIsLiveOnceEtcdWatchesForItNotWhenItIsAskedTo() {
    followFrom10();
    view.onWatchCanceled(Failures.denied());
    view.onTimer();
    effects.taken();

    view.onWatchCanceled(Failures.denied());
    view.onWatchCreated();
    assertThat(effects.taken()).containsExactly("stale", "timer PT10S");

    view.onTimer();
    view.onWatchCreated();
    assertThat(effects.taken()).containsExactly("watch from 11", "live");
  }

  @Test
  void aViewThatHasEndedAsksForNothingWhateverIsAnsweredStill() {
    view.onConnected(Continuity.SAME);
    effects.taken();

    view.end();
    view.onListed(1, 10, List.of());
    view.onListFailed(1, Failures.denied());
    view.onTimer();
    view.check();

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void eventsAreAppliedInOrder() {
    followFrom10();

    view.onEvents(events(11, 11, 13));
    view.onEvents(events(14));

    assertThat(effects.taken())
        .containsExactly("changed to 13 by [11, 11, 13]", "changed to 14 by [14]");
  }

  @Test
  void eventsUpToTheAppliedRevisionAreDropped() {
    followFrom10();

    view.onEvents(events(9, 10));
    view.onEvents(events(10, 11));
    view.onEvents(events(11));

    assertThat(effects.taken()).containsExactly("changed to 11 by [11]");
  }

  @Test
  void aReconnectToTheSameHistoryResumesTheWatchBehindTheLastEventWithoutAList() {
    followFrom10();
    view.onEvents(events(15));
    effects.taken();

    view.onDisconnected(Failures.away());
    view.onConnected(Continuity.SAME);

    assertThat(effects.taken()).containsExactly("stale", "watch from 16");
  }

  @Test
  void onlyAListOrAnEventMovesTheRevisionToResumeFrom() {
    followFrom10();

    view.onEvents(List.of());
    view.onDisconnected(Failures.away());
    view.onConnected(Continuity.SAME);
    view.onDisconnected(Failures.away());
    view.onConnected(Continuity.SAME);

    assertThat(effects.taken())
        .filteredOn(asked -> asked.startsWith("watch"))
        .containsOnly("watch from 11");
  }

  // When a list is needed.

  @Test
  void aCompactedWatchListsOnceAndGoesOn() {
    followFrom10();

    view.onWatchCanceled(Failures.of(Kind.COMPACTED));
    assertThat(effects.taken()).containsExactly("list 2");

    view.onListed(2, 50, List.of());
    assertThat(effects.taken()).containsExactly("replaced at 50", "watch from 51");
  }

  @Test
  void aCompactionDuringTheRegularListMakesUseOfThatList() {
    followFrom10();
    view.check();
    effects.taken();

    view.onWatchCanceled(Failures.of(Kind.COMPACTED));
    view.onListed(2, 50, List.of());

    assertThat(effects.taken()).containsExactly("replaced at 50", "watch from 51");
  }

  @Test
  void aNewIncarnationIsListedAndToldAsSuchWhateverItsRevision() {
    followFrom10();

    view.onConnected(Continuity.NEW);
    view.onListed(3, 99, List.of());

    assertThat(effects.taken())
        .containsExactly("list 3", "replaced at 99 in a new incarnation", "watch from 100");
  }

  @Test
  void theNewIncarnationIsToldOnceAndNotForgottenWhenItsFirstListFails() {
    followFrom10();
    view.onConnected(Continuity.NEW);
    view.onListFailed(3, Failures.away());
    view.onConnected(Continuity.SAME);
    view.onListed(4, 5, List.of());
    view.check();
    view.onListed(5, 6, List.of());

    assertThat(effects.taken()).contains("replaced at 5 in a new incarnation", "replaced at 6");
  }

  @Test
  void theFirstIncarnationIsNotANewOne() {
    view.onConnected(Continuity.NEW);
    view.onListed(2, 10, List.of());

    assertThat(effects.taken()).contains("replaced at 10");
  }

  @Test
  void inDoubtEverythingIsListed() {
    followFrom10();

    view.onConnected(Continuity.DOUBTFUL);
    view.onListed(3, 12, List.of());

    assertThat(effects.taken()).containsExactly("list 3", "replaced at 12", "watch from 13");
  }

  @Test
  void aListInDoubtThatFellBehindWhatWasSeenIsANewIncarnation() {
    followFrom10();

    view.onConnected(Continuity.DOUBTFUL);
    view.onListed(3, 4, List.of());

    assertThat(effects.taken()).contains("replaced at 4 in a new incarnation", "watch from 5");
  }

  @Test
  void eventsThatComeWhileAListIsNeededAreLeftToTheList() {
    followFrom10();
    view.onWatchCanceled(Failures.of(Kind.COMPACTED));
    effects.taken();

    view.onEvents(events(12));

    assertThat(effects.taken()).isEmpty();
  }

  // The regular list.

  @Test
  void theRegularListGoesOnBesideTheWatch() {
    followFrom10();

    view.check();
    view.onEvents(events(11));
    view.onListed(2, 12, List.of());
    view.onEvents(events(12));
    view.onEvents(events(13));

    assertThat(effects.taken())
        .containsExactly(
            "list 2", "changed to 11 by [11]", "replaced at 12", "changed to 13 by [13]");
  }

  @Test
  void aLateListThatIsOlderThanWhatWasAppliedIsIgnoredAndRepeated() {
    followFrom10();
    view.check();
    view.onEvents(events(13));
    effects.taken();

    view.onListed(2, 12, List.of());
    assertThat(effects.taken()).containsExactly("list 3");

    view.onListed(3, 13, List.of());
    assertThat(effects.taken()).containsExactly("replaced at 13");
  }

  @Test
  void aListThatEventsOvertakeAgainAndAgainIsRepeatedThreeTimesAndThenLeftToTheNextPeriod() {
    followFrom10();
    view.onEvents(events(99));
    view.check();
    effects.taken();

    for (int number = 2; number <= 5; number++) {
      view.onListed(number, 98, List.of());
    }

    assertThat(effects.taken()).containsExactly("list 3", "list 4", "list 5");
  }

  @Test
  void aRegularListThatFailsSaysNothingOfTheWatch() {
    followFrom10();
    view.check();
    effects.taken();

    view.onListFailed(2, Failures.away());

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void oneListIsUnderWayAtATime() {
    followFrom10();

    view.check();
    view.check();

    assertThat(effects.taken()).containsExactly("list 2");
  }

  // Answers that are not believed.

  @Test
  void aListOfAnEarlierIncarnationIsIgnored() {
    view.onConnected(Continuity.SAME);
    view.onConnected(Continuity.NEW);
    effects.taken();

    view.onListed(1, 10, List.of());
    view.onListFailed(1, Failures.away());

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void anAnswerCountsOnce() {
    followFrom10();

    view.onListed(1, 20, List.of());
    view.onListFailed(1, Failures.refused());

    assertThat(effects.taken()).isEmpty();
  }

  // Failures.

  @Test
  void aFailedListIsRepeatedWithAGrowingPause() {
    view.onConnected(Continuity.SAME);
    view.onListFailed(1, Failures.away());
    view.onTimer();
    view.onListFailed(2, Failures.away());

    assertThat(effects.taken())
        .containsExactly("list 1", "stale", "timer PT0.1S", "list 2", "stale", "timer PT0.2S");
  }

  @Test
  void aRefusedListIsRepeatedAtASteadyPace() {
    view.onConnected(Continuity.SAME);
    view.onListFailed(1, Failures.denied());
    view.onTimer();
    view.onListFailed(2, Failures.denied());

    assertThat(effects.taken())
        .containsExactly("list 1", "stale", "timer PT10S", "list 2", "stale", "timer PT10S");
  }

  @Test
  void aRefusedWatchIsAskedForAgainAtASteadyPaceFromWhereItWas() {
    followFrom10();

    view.onWatchCanceled(Failures.denied());
    view.onTimer();

    assertThat(effects.taken()).containsExactly("stale", "timer PT10S", "watch from 11");
  }

  @Test
  void aWatchThatEtcdEndedIsAskedForAgainWithAGrowingPause() {
    followFrom10();

    view.onWatchCanceled(Failures.away());
    view.onTimer();
    view.onWatchCanceled(Failures.away());

    assertThat(effects.taken())
        .containsExactly("stale", "timer PT0.1S", "watch from 11", "stale", "timer PT0.2S");
  }

  @Test
  void whoReconnectsDoesNotWaitForThePause() {
    view.onConnected(Continuity.SAME);
    view.onListFailed(1, Failures.away());
    view.onDisconnected(Failures.away());
    effects.taken();

    view.onConnected(Continuity.SAME);

    assertThat(effects.taken()).containsExactly("list 2");
  }

  @Test
  void aTimerThatRunsOutWhileEtcdIsAwayDoesNothing() {
    view.onConnected(Continuity.SAME);
    view.onListFailed(1, Failures.away());
    view.onDisconnected(Failures.away());
    effects.taken();

    view.onTimer();

    assertThat(effects.taken()).isEmpty();
  }

  @Test
  void aListIsNotAskedForTwiceWhenTheConnectionEndsAndComesBackMeanwhile() {
    view.onConnected(Continuity.SAME);
    view.onDisconnected(Failures.away());
    view.onConnected(Continuity.SAME);
    assertThat(effects.taken()).containsExactly("list 1", "stale");

    view.onListed(1, 10, List.of());
    assertThat(effects.taken()).containsExactly("replaced at 10", "watch from 11");
  }

  @Test
  void aListThatIsAnsweredWhileNothingIsWatchedIsTheNewestStateButStale() {
    view.onConnected(Continuity.SAME);
    view.onDisconnected(Failures.away());
    effects.taken();

    view.onListed(1, 10, List.of());

    assertThat(effects.taken()).containsExactly("replaced at 10", "stale");
  }
}
