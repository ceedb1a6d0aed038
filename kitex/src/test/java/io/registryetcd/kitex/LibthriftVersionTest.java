package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** That a run of these tests has the libthrift it was meant to have, or none. */
@Tag("libthrift-any")
class LibthriftVersionTest {

  @Test
  void thisIsTheLibthriftOfThisRun() {
    URL processor =
        LibthriftVersionTest.class
            .getClassLoader()
            .getResource("org/apache/thrift/TProcessor.class");

    assertThat(String.valueOf(processor)).contains(System.getProperty("expected.libthrift", ""));
  }
}
