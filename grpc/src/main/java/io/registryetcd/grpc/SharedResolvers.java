package io.registryetcd.grpc;

import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdResolver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * The resolvers of channels that were not given one: one for all channels with the same key, closed
 * when the last of them gives it back. Thread-safe.
 */
final class SharedResolvers {

  /**
   * What two channels must have in common to share a client.
   *
   * @param endpoints as given
   * @param range tells layouts and prefixes apart
   * @param identity user and certificates
   */
  record Key(List<String> endpoints, String range, EtcdSettings.Identity identity) {}

  static final SharedResolvers INSTANCE = new SharedResolvers(EtcdResolver::create);

  private static final class Shared {
    final EtcdResolver resolver;
    int users;

    Shared(EtcdResolver resolver) {
      this.resolver = resolver;
    }
  }

  private final Function<EtcdConfig, EtcdResolver> factory;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Key, Shared> all = new HashMap<>();

  SharedResolvers(Function<EtcdConfig, EtcdResolver> factory) {
    this.factory = factory;
  }

  ResolverSource.Lease acquire(Key key, EtcdConfig config) {
    lock.lock();
    try {
      Shared shared = all.computeIfAbsent(key, k -> new Shared(factory.apply(config)));
      shared.users++;
      var released = new AtomicBoolean();
      return new ResolverSource.Lease(
          shared.resolver,
          () -> {
            if (released.compareAndSet(false, true)) {
              release(key, shared);
            }
          });
    } finally {
      lock.unlock();
    }
  }

  int size() {
    lock.lock();
    try {
      return all.size();
    } finally {
      lock.unlock();
    }
  }

  private void release(Key key, Shared shared) {
    lock.lock();
    try {
      shared.users--;
      if (shared.users > 0) {
        return;
      }
      all.remove(key);
    } finally {
      lock.unlock();
    }
    // The caller is a channel's synchronization context, which must not wait for etcd.
    var closer = new Thread(shared.resolver::close, "registry-etcd-grpc-close");
    closer.setDaemon(true);
    closer.start();
  }
}
