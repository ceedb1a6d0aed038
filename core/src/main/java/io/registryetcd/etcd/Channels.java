package io.registryetcd.etcd;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelProvider.ProviderNotFoundException;
import io.grpc.TlsChannelCredentials;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The factory of gRPC channels: one per connection, each to a single endpoint. */
final class Channels {

  /** A list of 50,000 instances is one response; etcd itself has no limit for responses. */
  static final int MAX_INBOUND_BYTES = 128 << 20;

  private static final long KEEPALIVE_SECONDS = 10;
  private static final long KEEPALIVE_TIMEOUT_SECONDS = 5;

  /** A name with several addresses: each new connection tries them in another order. */
  private static final Map<String, ?> ANY_ADDRESS =
      Map.of(
          "loadBalancingConfig", List.of(Map.of("pick_first", Map.of("shuffleAddressList", true))));

  private final EtcdClientConfig config;
  private final Executor executor;
  private final @Nullable TlsCredentials tlsFiles;

  /**
   * Reads the TLS files, if there are any.
   *
   * @param executor where gRPC calls back
   * @throws IllegalArgumentException if endpoints and TLS files contradict each other or a file
   *     cannot be used
   */
  Channels(EtcdClientConfig config, Executor executor) {
    Endpoint.check(config.endpoints(), config.tls().isPresent());
    this.config = config;
    this.executor = executor;
    tlsFiles = config.tls().isPresent() ? new TlsCredentials(config.tls().get()) : null;
    requireTransport();
  }

  /** A new channel; it connects with its first call. */
  ManagedChannel open(Endpoint endpoint) {
    ManagedChannelBuilder<?> builder =
        Grpc.newChannelBuilder(target(endpoint), credentials(endpoint))
            .executor(executor)
            .disableServiceConfigLookUp()
            .defaultServiceConfig(ANY_ADDRESS)
            .disableRetry()
            .maxInboundMessageSize(MAX_INBOUND_BYTES)
            .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
            .keepAliveWithoutCalls(false);
    config.authority().ifPresent(builder::overrideAuthority);
    if (!config.viaProxy()) {
      builder.proxyDetector(address -> null);
    }
    return builder.build();
  }

  private static void requireTransport() {
    try {
      Grpc.newChannelBuilder("dns:///localhost", InsecureChannelCredentials.create());
    } catch (ProviderNotFoundException e) {
      throw new IllegalStateException(
          "no transport for gRPC (expected: grpc-netty-shaded or grpc-netty on the class path)", e);
    }
  }

  private ChannelCredentials credentials(Endpoint endpoint) {
    if (tlsFiles != null) {
      return tlsFiles.current();
    }
    return endpoint.isPlaintext(false)
        ? InsecureChannelCredentials.create()
        : TlsChannelCredentials.create();
  }

  /** The scheme is said: a host may have the name of one, {@code etcd} for instance. */
  private static String target(Endpoint endpoint) {
    return "dns:///" + endpoint.hostPort().replace("[", "%5B").replace("]", "%5D");
  }
}
