package io.registryetcd;

/**
 * A listener's registration; closing it ends the calls, but for one that is under way.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Subscription extends AutoCloseable {

  @Override
  void close();
}
