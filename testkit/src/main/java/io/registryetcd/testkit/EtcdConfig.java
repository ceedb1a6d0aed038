package io.registryetcd.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a user asked an etcd to be. */
record EtcdConfig(
    EtcdBinary binary,
    String host,
    @Nullable TestCertificates certificates,
    boolean clientCertificateRequired,
    Duration electionTimeout,
    Map<String, String> environment,
    List<String> arguments) {

  private static final int HEARTBEATS_PER_ELECTION = 5;

  EtcdConfig {
    environment = Map.copyOf(environment);
    arguments = List.copyOf(arguments);
  }

  String scheme() {
    return certificates == null ? "http" : "https";
  }

  /** An IPv6 address needs brackets before a port. */
  String urlHost() {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  /** The flags that are the same for each member and each start. */
  List<String> commonFlags() {
    List<String> flags = new ArrayList<>();
    long election = electionTimeout.toMillis();
    flags.add("--election-timeout=" + election);
    flags.add("--heartbeat-interval=" + election / HEARTBEATS_PER_ELECTION);
    if (binary.isAtLeast(3, 5)) {
      flags.add("--unsafe-no-fsync");
    }
    if (certificates != null) {
      flags.add("--cert-file=" + certificates.server().certificate());
      flags.add("--key-file=" + certificates.server().key());
      if (clientCertificateRequired) {
        flags.add("--client-cert-auth");
        flags.add("--trusted-ca-file=" + certificates.authority());
      }
    }
    flags.addAll(arguments);
    return flags;
  }
}
