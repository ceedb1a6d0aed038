package io.registryetcd.layout;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.registryetcd.Instance;
import org.junit.jupiter.api.Tag;

/** Replays its corpus in a normal run, and looks for new input with {@code JAZZER_FUZZ=1}. */
@Tag("fuzz")
class LayoutFuzzTest {

  @FuzzTest(maxDuration = "1m")
  void decode(byte[] value) {
    try {
      Instance instance = Layout.kitex().decode(value);
      if (instance.weight() > 0) {
        assertThat(Layout.kitex().decode(Layout.kitex().encode(instance))).isEqualTo(instance);
      }
      assertThat(Layout.kitex().key("a", instance)).startsWith(Layout.kitex().range("a"));
    } catch (MalformedInstanceException e) {
      assertThat(e).hasMessageContaining("(expected: ");
    }
  }
}
