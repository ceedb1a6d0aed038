package io.registryetcd.grpc;

import io.registryetcd.EtcdResolver;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a channel's resolver comes from: from the user, or from the process-wide shared ones. */
@FunctionalInterface
interface ResolverSource {

  /**
   * A resolver for one channel; closing the lease gives it back, and closes it only if it is ours
   * and nobody else has it.
   */
  record Lease(EtcdResolver resolver, Runnable release) implements AutoCloseable {

    @Override
    public void close() {
      release.run();
    }
  }

  /**
   * Takes the resolver, made now if it is not there. Does not connect.
   *
   * @throws IllegalArgumentException if a TLS file cannot be loaded
   */
  Lease acquire();

  /**
   * The source for a target, checked as far as that is possible without files and network.
   *
   * @throws IllegalArgumentException if no endpoint is known, or the settings are wrong
   */
  static ResolverSource of(EtcdTarget target, @Nullable EtcdResolver given, EtcdSettings settings) {
    if (given != null) {
      if (!target.endpoints().isEmpty() || target.layoutGiven()) {
        log()
            .warn(
                "etcd:///{}: endpoints, prefix and layout of the target are ignored, for the channel was given the resolver {}",
                target.service(),
                given.name());
      }
      return () -> new Lease(given, () -> {});
    }
    return shared(target, settings);
  }

  private static ResolverSource shared(EtcdTarget target, EtcdSettings settings) {
    target.layout().range(target.service());
    List<String> endpoints =
        target.endpoints().isEmpty() ? settings.endpoints() : target.endpoints();
    if (endpoints.isEmpty()) {
      throw new IllegalArgumentException(
          "endpoints of etcd: none (expected: setNameResolverArg(EtcdGrpc.RESOLVER, resolver), or"
              + " etcd://host:port/Service, or ?endpoints=host:port in the target, or the system property"
              + " registry.etcd.endpoints, or the environment variable REGISTRY_ETCD_ENDPOINTS)");
    }
    EtcdSettings.Identity identity = settings.identity();
    var config = settings.config(endpoints, target.layout(), identity);
    var key = new SharedResolvers.Key(endpoints, target.layout().range("x"), identity);
    return () -> SharedResolvers.INSTANCE.acquire(key, config);
  }

  private static Logger log() {
    return LoggerFactory.getLogger(ResolverSource.class);
  }
}
