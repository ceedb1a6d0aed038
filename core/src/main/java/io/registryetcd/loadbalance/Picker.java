package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import java.util.NoSuchElementException;

/**
 * Chooses among a fixed list of instances. Lock-free, allocates nothing, safe for use by many
 * threads.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Picker {

  /**
   * The instance for the next call.
   *
   * @return an instance of the list that this picker was made for
   * @throws NoSuchElementException if that list was empty
   */
  Instance pick();
}
