package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InstanceTest {

  @Test
  void aNewInstanceHasNoWeightAndNoTags() {
    Instance instance = Instance.of("10.0.0.5", 8888);

    assertThat(instance.network()).isEqualTo("tcp");
    assertThat(instance.host()).isEqualTo("10.0.0.5");
    assertThat(instance.port()).isEqualTo(8888);
    assertThat(instance.weight()).isZero();
    assertThat(instance.tags()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.5, 10.0.0.5:8888",
    "hello.example.com, hello.example.com:8888",
    "::1, [::1]:8888",
    "[::1], [::1]:8888"
  })
  void theAddressIsWhatAClientDials(String host, String address) {
    assertThat(Instance.of(host, 8888).address()).isEqualTo(address);
  }

  @Test
  void aUnixSocketIsAddressedByItsPath() {
    Instance instance = Instance.unix("/run/hello.sock");

    assertThat(instance.network()).isEqualTo("unix");
    assertThat(instance.address()).isEqualTo("/run/hello.sock");
    assertThat(instance.host()).isEqualTo("/run/hello.sock");
    assertThat(instance.port()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65536, Integer.MAX_VALUE})
  void aPortThatIsNoneIsRefused(int port) {
    assertThatThrownBy(() -> Instance.of("10.0.0.5", port))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("port: " + port + " (expected: 0 to 65535)");
  }

  @Test
  void aUnixSocketNeedsAPath() {
    assertThatThrownBy(() -> Instance.unix(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unix socket path: empty");
  }

  @Test
  void aChangedCopyLeavesTheOriginalAsItIs() {
    Instance original = Instance.of("10.0.0.5", 8888).withWeight(1).withTag("zone", "a");

    Instance changed = original.withWeight(2).withTag("zone", "b").withTag("color", "red");

    assertThat(original.weight()).isEqualTo(1);
    assertThat(original.tags()).containsExactly(Map.entry("zone", "a"));
    assertThat(changed.weight()).isEqualTo(2);
    assertThat(changed.tags()).containsExactly(Map.entry("color", "red"), Map.entry("zone", "b"));
    assertThat(changed.address()).isEqualTo(original.address());
  }

  @Test
  void tagsAreCopiedAndCannotBeChanged() {
    Map<String, String> tags = new HashMap<>(Map.of("zone", "a"));
    Instance instance = Instance.of("10.0.0.5", 8888).withTags(tags);

    tags.put("zone", "b");

    assertThat(instance.tags()).containsEntry("zone", "a");
    assertThatThrownBy(() -> instance.tags().put("zone", "c"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void withTagsTakesThePlaceOfAllTagsBefore() {
    Instance instance = Instance.of("a", 1).withTag("zone", "a").withTags(Map.of("color", "red"));

    assertThat(instance.tags()).containsOnlyKeys("color");
  }

  @Test
  void instancesAreEqualByAllTheirParts() {
    Instance instance = Instance.of("::1", 1).withWeight(2).withTag("a", "b");

    assertThat(instance)
        .isEqualTo(Instance.of("[::1]", 1).withTag("a", "b").withWeight(2))
        .hasSameHashCodeAs(Instance.of("[::1]", 1).withTag("a", "b").withWeight(2))
        .isNotEqualTo(instance.withWeight(3))
        .isNotEqualTo(instance.withTag("a", "c"))
        .isNotEqualTo(Instance.of("::2", 1).withWeight(2).withTag("a", "b"))
        .isNotEqualTo(Instance.of("::1", 2).withWeight(2).withTag("a", "b"))
        .isNotEqualTo("[::1]:1");
    assertThat(Instance.unix("a:1")).isNotEqualTo(Instance.of("a", 1));
  }

  @Test
  void itsTextShowsAddressWeightAndTags() {
    assertThat(Instance.of("10.0.0.5", 1)).hasToString("10.0.0.5:1 weight=0");
    assertThat(Instance.of("10.0.0.5", 1).withWeight(3).withTag("zone", "a"))
        .hasToString("10.0.0.5:1 weight=3 tags={zone=a}");
  }
}
