package io.registryetcd;

/**
 * What a registration does when its key belongs to somebody else after it had been registered.
 *
 * @since 0.1
 */
public enum ConflictPolicy {
  /**
   * Leaves the key alone and waits until it goes: the newest process at an address wins. The
   * default.
   */
  WAIT,
  /**
   * As {@link #WAIT}, but a key without a lease, which would stay for ever, is taken over, at most
   * once in each time to live, and only as it was last seen.
   */
  ADOPT,
  /** Takes the key back, at most once in each time to live, and only as it was last seen. */
  RECLAIM
}
