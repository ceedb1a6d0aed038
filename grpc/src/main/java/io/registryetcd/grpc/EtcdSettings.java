package io.registryetcd.grpc;

import io.registryetcd.EtcdConfig;
import io.registryetcd.TlsConfig;
import io.registryetcd.layout.Layout;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What the process says about etcd, for channels without a resolver of their own: the system
 * properties {@code registry.etcd.*}, else the environment variables {@code REGISTRY_ETCD_*}.
 */
final class EtcdSettings {

  /** Who a client is to etcd, without the password: clients that differ in it are never shared. */
  record Identity(
      Optional<String> user,
      Optional<String> ca,
      Optional<String> certificate,
      Optional<String> key) {}

  private final Function<String, Optional<String>> lookup;

  /**
   * Settings from anywhere.
   *
   * @param lookup from a lower-case name, such as {@code endpoints}, to its value
   */
  EtcdSettings(Function<String, Optional<String>> lookup) {
    this.lookup = lookup;
  }

  static EtcdSettings ofProcess() {
    return new EtcdSettings(
        name ->
            Optional.ofNullable(System.getProperty("registry.etcd." + name))
                .or(() -> Optional.ofNullable(System.getenv(variable(name))))
                .map(String::trim)
                .filter(value -> !value.isEmpty()));
  }

  List<String> endpoints() {
    return lookup.apply("endpoints").stream()
        .flatMap(list -> Stream.of(list.split(",")))
        .map(String::trim)
        .filter(endpoint -> !endpoint.isEmpty())
        .toList();
  }

  Identity identity() {
    return new Identity(
        lookup.apply("user"), lookup.apply("ca"), lookup.apply("cert"), lookup.apply("key"));
  }

  /**
   * The settings of a client.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  EtcdConfig config(List<String> endpoints, Layout layout, Identity identity) {
    EtcdConfig.Builder config = EtcdConfig.builder().endpoints(endpoints).layout(layout);
    identity.user().ifPresent(user -> config.user(user, this::password));
    if (identity.user().isPresent()) {
      password();
    }
    tls(identity).ifPresent(config::tls);
    return config.build();
  }

  private static Optional<TlsConfig> tls(Identity identity) {
    if (identity.ca().isEmpty() && identity.certificate().isEmpty() && identity.key().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new TlsConfig(
            identity.ca().map(Path::of),
            identity.certificate().map(Path::of),
            identity.key().map(Path::of)));
  }

  /** Read at every login, so that it can be rotated. */
  private String password() {
    return lookup
        .apply("password")
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "registry.etcd.password: not set (expected: the password of registry.etcd.user, or the variable "
                        + variable("password")
                        + ")"));
  }

  private static String variable(String name) {
    return "REGISTRY_ETCD_" + name.toUpperCase(Locale.ROOT);
  }
}
