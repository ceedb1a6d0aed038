package io.registryetcd;

import java.util.random.RandomGenerator;

/** Chance without chance: the longest pause of each backoff, the middle of each jitter. */
final class FakeRandom implements RandomGenerator {

  private long drawn;

  /** 2, 4, 6 and so on, so that leases are called 1, 2, 3. */
  @Override
  public long nextLong() {
    drawn += 2;
    return drawn;
  }

  @Override
  public long nextLong(long bound) {
    return bound - 1;
  }

  @Override
  public double nextDouble() {
    return 0.5;
  }
}
