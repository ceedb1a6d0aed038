package io.registryetcd.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TallyTest {

  private final Tally tally = new Tally();

  @Test
  void answersAreCountedByInstance() {
    tally.answered("m", "b|m");
    tally.answered("m", "a|m");
    tally.answered("m", "a|m");
    assertThat(tally.counts().calls()).isEqualTo(3);
    assertThat(tally.counts().bad()).isZero();
    assertThat(tally.counts().byInstance().toString()).isEqualTo("{a=2, b=1}");
  }

  @Test
  void failuresAndOtherAnswersAreBad() {
    tally.failed();
    tally.answered("m", "m");
    tally.answered("m", "a|n");
    assertThat(tally.counts().calls()).isEqualTo(3);
    assertThat(tally.counts().bad()).isEqualTo(3);
    assertThat(tally.counts().byInstance()).isEmpty();
  }

  @Test
  void takingBeginsAnew() {
    tally.answered("m|n", "a|m|n");
    assertThat(tally.take().calls()).isEqualTo(1);
    assertThat(tally.take().calls()).isZero();
  }
}
