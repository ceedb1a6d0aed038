package io.registryetcd.examples;

import java.time.Duration;
import java.time.Instant;

/**
 * How long a change took from a server, which wrote it to etcd, to the client.
 *
 * @param from when the server knew that etcd had it; the client may hear of it before
 * @param to when the client saw it
 */
record Latency(String what, Instant from, Instant to) {

  @Override
  public String toString() {
    return String.format(
        "%s %.1f ms", what, Math.max(0, Duration.between(from, to).toNanos() / 1e6));
  }
}
