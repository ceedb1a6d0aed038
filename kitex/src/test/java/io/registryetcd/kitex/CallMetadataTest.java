package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a thread has for its calls. */
class CallMetadataTest {

  @Test
  void aThreadHasNoneAtFirst() {
    assertThat(CallMetadata.current()).isSameAs(CallMetadata.EMPTY);
    assertThat(CallMetadata.EMPTY.transit()).isEmpty();
    assertThat(CallMetadata.EMPTY.persist()).isEmpty();
    assertThat(CallMetadata.EMPTY.logId()).isEmpty();
  }

  @Test
  void eachChangeMakesACopy() {
    CallMetadata one = CallMetadata.EMPTY.withTransit("a", "1").withPersist("b", "2");
    CallMetadata other = one.withTransit("a", "3").withLogId("id");

    assertThat(one.transit()).isEqualTo(Map.of("a", "1"));
    assertThat(one.persist()).isEqualTo(Map.of("b", "2"));
    assertThat(one.logId()).isEmpty();
    assertThat(other.transit()).isEqualTo(Map.of("a", "3"));
    assertThat(other.persist()).isEqualTo(Map.of("b", "2"));
    assertThat(other.logId()).contains("id");
  }

  @Test
  void itIsThatOfTheThreadWhileSomethingRuns() throws Exception {
    CallMetadata outer = CallMetadata.EMPTY.withLogId("outer");
    CallMetadata inner = outer.withLogId("inner");
    List<CallMetadata> seen = new ArrayList<>();

    outer.run(
        () -> {
          seen.add(CallMetadata.current());
          inner.run(() -> seen.add(CallMetadata.current()));
          seen.add(CallMetadata.current());
        });

    assertThat(seen).containsExactly(outer, inner, outer);
    assertThat(CallMetadata.current()).isSameAs(CallMetadata.EMPTY);
    assertThat(inner.call(CallMetadata::current)).isSameAs(inner);
  }

  @Test
  void itEndsWithAFailureToo() {
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(
            () ->
                CallMetadata.EMPTY
                    .withLogId("id")
                    .run(
                        () -> {
                          throw new IllegalStateException();
                        }));

    assertThat(CallMetadata.current()).isSameAs(CallMetadata.EMPTY);
  }
}
