package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryetcd.Snapshot.Freshness;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SnapshotTest {

  private static final Instance A = Instance.of("10.0.0.1", 1).withWeight(1);
  private static final Instance B = Instance.of("10.0.0.2", 1).withWeight(2);

  private final ManualLoop clock = new ManualLoop();

  private Snapshot snapshot(Freshness freshness, Optional<Duration> age) {
    return new Snapshot(
        "Hello",
        List.of(A, B),
        Set.of(B),
        42,
        freshness,
        age,
        clock,
        new Snapshot.Emptiness(FakeKeys.RANGE, 2, 0, 0));
  }

  @Test
  void aSnapshotSaysWhatItShows() {
    Snapshot live = snapshot(Freshness.LIVE, Optional.empty());

    assertThat(live.service()).isEqualTo("Hello");
    assertThat(live).containsExactly(A, B);
    assertThat(live.instances()).containsExactly(A, B);
    assertThat(live.unconfirmed()).containsExactly(B);
    assertThat(live.revision()).isEqualTo(42);
    assertThat(live.size()).isEqualTo(2);
    assertThat(live.isEmpty()).isFalse();
    assertThat(live.isLive()).isTrue();
    assertThat(live).hasToString("Hello@42 LIVE [10.0.0.1:1 weight=1, 10.0.0.2:1 weight=2]");
  }

  @Test
  void aLiveSnapshotHasNoAge() {
    Snapshot live = snapshot(Freshness.LIVE, Optional.empty());
    clock.pass(Duration.ofHours(1));

    assertThat(live.age()).isEmpty();
  }

  @Test
  void aStaleSnapshotGrowsOlder() {
    Snapshot stale = snapshot(Freshness.STALE, Optional.of(Duration.ofSeconds(5)));
    assertThat(stale.age()).contains(Duration.ofSeconds(5));

    clock.pass(Duration.ofSeconds(2));

    assertThat(stale.age()).contains(Duration.ofSeconds(7));
    assertThat(stale.isLive()).isFalse();
  }

  @Test
  void nobodyCanChangeWhatAnotherHolds() {
    Snapshot live = snapshot(Freshness.LIVE, Optional.empty());

    assertThatThrownBy(() -> live.instances().add(A))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> live.unconfirmed().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
