package io.registryetcd;

import java.time.Duration;

/**
 * How a registration goes on after a failure.
 *
 * <p>An outage is never a reason to give up: while etcd does not answer, attempts go on without end
 * and are not counted. Only answers count: a refusal (permission, quota, invalid) is repeated after
 * {@link #retryDelay()} +-20 %; after {@link #maxAttemptTimes()} of them in a row the registration
 * is {@link Registration.State#FAILED} and goes on at the pace of {@link #observeDelay()}, at least
 * 30 s. The defaults are those of the Go registry of Kitex.
 *
 * <pre>{@code
 * RetryConfig.DEFAULT.withMaxAttemptTimes(0).withRetryDelay(Duration.ofSeconds(2))
 * }</pre>
 *
 * @param maxAttemptTimes refusals in a row until failed; 0 for no limit; 5 by default
 * @param observeDelay the period in which a registered key is read again, besides being watched; 30
 *     s by default
 * @param retryDelay the pause after a refusal, and the cap of the backoff while etcd is away; 10 s
 *     by default
 * @param giveUp whether attempts end for good when the limit is reached, and outages count too, as
 *     in the Go registry; false by default
 * @since 0.1
 */
public record RetryConfig(
    int maxAttemptTimes, Duration observeDelay, Duration retryDelay, boolean giveUp) {

  /** 5 attempts, 30 s, 10 s, never given up. */
  public static final RetryConfig DEFAULT =
      new RetryConfig(5, Duration.ofSeconds(30), Duration.ofSeconds(10), false);

  /**
   * Checks the values.
   *
   * @param maxAttemptTimes not negative
   * @param observeDelay above 0
   * @param retryDelay above 0
   * @param giveUp any
   */
  public RetryConfig {
    if (maxAttemptTimes < 0) {
      throw new IllegalArgumentException(
          "maxAttemptTimes: " + maxAttemptTimes + " (expected: >= 0, where 0 is without end)");
    }
    Checks.positive("observeDelay", observeDelay);
    Checks.positive("retryDelay", retryDelay);
  }

  /**
   * These settings with another limit.
   *
   * @param times refusals in a row until failed; 0 for no limit
   * @return the changed copy
   */
  public RetryConfig withMaxAttemptTimes(int times) {
    return new RetryConfig(times, observeDelay, retryDelay, giveUp);
  }

  /**
   * These settings with another observe delay.
   *
   * @param delay the period of the check of one's own keys
   * @return the changed copy
   */
  public RetryConfig withObserveDelay(Duration delay) {
    return new RetryConfig(maxAttemptTimes, delay, retryDelay, giveUp);
  }

  /**
   * These settings with another retry delay.
   *
   * @param delay the pause after a refusal
   * @return the changed copy
   */
  public RetryConfig withRetryDelay(Duration delay) {
    return new RetryConfig(maxAttemptTimes, observeDelay, delay, giveUp);
  }

  /**
   * These settings with or without the Go registry's way of giving up.
   *
   * @param giveUpForGood whether attempts end at the limit
   * @return the changed copy
   */
  public RetryConfig withGiveUp(boolean giveUpForGood) {
    return new RetryConfig(maxAttemptTimes, observeDelay, retryDelay, giveUpForGood);
  }
}
