package io.registryetcd.etcd;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a client is made from; validated by whoever builds it.
 *
 * @param endpoints at least one; the first is used until it has to be left, then the next, and so
 *     on
 * @param credentials asked at every login, on a thread of its own, so it may block; empty for no
 *     authentication
 * @param tls the files of the TLS set-up; empty for plaintext (unless an endpoint says {@code
 *     https})
 * @param authority the host name to verify and to send instead of the endpoint's own
 * @param connectTimeout how long an endpoint has to answer its first call before it is left (3 s)
 * @param requestTimeout the deadline of each unary call (3 s)
 * @param viaProxy whether the JVM's HTTP proxy settings apply (no)
 */
public record EtcdClientConfig(
    List<Endpoint> endpoints,
    Optional<Supplier<Credentials>> credentials,
    Optional<TlsFiles> tls,
    Optional<String> authority,
    Duration connectTimeout,
    Duration requestTimeout,
    boolean viaProxy) {

  /** Name and password of an etcd user. Its {@code toString} hides the password. */
  public record Credentials(String user, String password) {
    @Override
    public String toString() {
      return "Credentials[user=" + user + ", password=***]";
    }
  }
}
