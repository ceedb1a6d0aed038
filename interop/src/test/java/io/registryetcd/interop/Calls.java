package io.registryetcd.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.annotations.SerializedName;
import io.registryetcd.examples.Program;
import java.util.Map;

/** What a hello client has counted: the JSON of its last line. */
record Calls(
    String transport,
    int calls,
    int bad,
    @SerializedName("by_instance") Map<String, Integer> byInstance) {

  /** Waits for the client's end. */
  static Calls of(Program client) {
    int exitCode = client.awaitEnd();
    assertThat(client.lastLine()).as(client::toString).startsWith("{");
    Calls calls = new Gson().fromJson(client.lastLine(), Calls.class);
    assertThat(exitCode).as(client::toString).isEqualTo(calls.bad == 0 ? 0 : 1);
    return calls;
  }
}
