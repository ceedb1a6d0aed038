package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.ClusterPin.Verdict;
import org.junit.jupiter.api.Test;

class ClusterPinTest {

  private final Endpoint a = Endpoint.parse("a:1");
  private final Endpoint b = Endpoint.parse("b:1");
  private final ClusterPin pin = new ClusterPin(a);

  @Test
  void theFirstAnswerPins() {
    assertThat(pin.unconfirmed(b)).isFalse();
    assertThat(pin.check(b, 0xb1)).isEqualTo(Verdict.SAME);
    assertThat(pin.unconfirmed(b)).isFalse();
    assertThat(pin.unconfirmed(a)).isTrue();
    assertThat(pin.check(a, 0xa1)).isEqualTo(Verdict.FOREIGN);
    assertThat(pin.difference(a, 0xa1)).contains("a:1 belongs to a1").contains("b:1 to b1");
  }

  @Test
  void anAnswerWithoutAnIdSaysNothing() {
    pin.check(a, 1);
    assertThat(pin.check(b, 0)).isEqualTo(Verdict.SAME);
    assertThat(pin.unconfirmed(b)).isTrue();
  }

  @Test
  void aKnownEndpointMayHaveANewClusterAndTheOthersMustShowItThen() {
    pin.check(a, 1);
    pin.check(b, 1);
    assertThat(pin.check(a, 2)).isEqualTo(Verdict.RECREATED);
    assertThat(pin.check(b, 1)).isEqualTo(Verdict.SAME);
    pin.replace(a, 2);
    assertThat(pin.check(a, 2)).isEqualTo(Verdict.SAME);
    assertThat(pin.check(b, 1)).isEqualTo(Verdict.FOREIGN);
    assertThat(pin.check(b, 2)).isEqualTo(Verdict.SAME);
  }
}
