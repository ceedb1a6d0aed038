package io.registryetcd.etcd;

import java.time.Duration;
import java.util.List;

/**
 * Which endpoint is next: round robin over those that did not fail a moment ago. The pause keeps
 * many calls that fail together from making as many connections.
 */
final class EndpointChoice {

  /** How long an endpoint that could not be used is not tried again. */
  static final Duration PAUSE = Duration.ofMillis(50);

  private final List<Endpoint> endpoints;
  private final long[] pausedUntil;
  private final boolean[] paused;
  private int current;

  EndpointChoice(List<Endpoint> endpoints) {
    this.endpoints = List.copyOf(endpoints);
    pausedUntil = new long[endpoints.size()];
    paused = new boolean[endpoints.size()];
  }

  Endpoint current() {
    return endpoints.get(current);
  }

  /** Moves on from the current endpoint, which worked until now or is left on demand. */
  void leave() {
    current = next();
  }

  /** Moves on from the current endpoint, which could not be used. */
  void leaveFailed(long now) {
    paused[current] = true;
    pausedUntil[current] = now + PAUSE.toNanos();
    current = next();
  }

  /** Finds an endpoint that may be tried now and makes it the current one; false if all pause. */
  boolean find(long now) {
    for (int i = 0; i < endpoints.size(); i++) {
      paused[current] &= pausedUntil[current] - now > 0;
      if (!paused[current]) {
        return true;
      }
      current = next();
    }
    return false;
  }

  private int next() {
    return (current + 1) % endpoints.size();
  }
}
