package io.registryetcd.grpc;

import io.grpc.NameResolver;
import io.grpc.NameResolver.ConfigOrError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The service config that a channel gets along with its addresses: the user's own, and the
 * load-balancing policy.
 */
final class ServiceConfigs {

  private ServiceConfigs() {}

  /**
   * The parsed service config, or empty if there is none to supply.
   *
   * @throws IllegalArgumentException if gRPC does not understand the user's
   */
  static Optional<ConfigOrError> parsed(EtcdTarget.Policy policy, NameResolver.Args args) {
    Map<String, ?> merged = merged(args.getArg(EtcdGrpc.SERVICE_CONFIG), policy);
    if (merged.isEmpty()) {
      return Optional.empty();
    }
    ConfigOrError parsed = args.getServiceConfigParser().parseServiceConfig(merged);
    if (parsed.getError() != null) {
      throw new IllegalArgumentException(
          "EtcdGrpc.SERVICE_CONFIG: " + parsed.getError() + " (expected: a service config)");
    }
    return Optional.of(parsed);
  }

  /** The user's config, with the policy added unless it has one. */
  static Map<String, ?> merged(@Nullable Map<String, ?> user, EtcdTarget.Policy policy) {
    var merged = new LinkedHashMap<String, Object>(user == null ? Map.of() : user);
    boolean named =
        merged.containsKey("loadBalancingConfig") || merged.containsKey("loadBalancingPolicy");
    if (!named && policy != EtcdTarget.Policy.NONE) {
      merged.put("loadBalancingConfig", List.of(Map.of(policy.grpcName, Map.of())));
    }
    return merged;
  }
}
