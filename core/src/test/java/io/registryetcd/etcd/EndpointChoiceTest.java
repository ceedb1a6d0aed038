package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EndpointChoiceTest {

  private static final long PAUSE = EndpointChoice.PAUSE.toNanos();
  private static final List<Endpoint> THREE =
      Stream.of("a:1", "b:1", "c:1").map(Endpoint::parse).toList();

  @Test
  void startsWithTheFirstAndGoesRound() {
    EndpointChoice choice = new EndpointChoice(THREE);
    assertThat(choice.find(0)).isTrue();
    assertThat(choice.current()).hasToString("a:1");
    choice.leaveFailed(0);
    assertThat(choice.current()).hasToString("b:1");
    choice.leaveFailed(PAUSE);
    choice.leaveFailed(2 * PAUSE);
    assertThat(choice.find(3 * PAUSE)).isTrue();
    assertThat(choice.current()).hasToString("a:1");
  }

  @Test
  void passesOverEndpointsThatPauseAndFindsNoneIfAllDo() {
    EndpointChoice choice = new EndpointChoice(THREE);
    choice.leaveFailed(0);
    choice.leaveFailed(1);
    choice.leaveFailed(2);
    assertThat(choice.find(PAUSE - 1)).isFalse();
    assertThat(choice.find(PAUSE)).isTrue();
    assertThat(choice.current()).hasToString("a:1");
    choice.leaveFailed(PAUSE);
    assertThat(choice.find(PAUSE + 2)).isTrue();
    assertThat(choice.current()).hasToString("b:1");
  }

  @Test
  void anEndpointThatWorkedDoesNotPause() {
    EndpointChoice choice = new EndpointChoice(THREE.subList(0, 1));
    choice.leave();
    assertThat(choice.find(0)).isTrue();
    choice.leaveFailed(0);
    assertThat(choice.find(0)).isFalse();
  }
}
