package io.registryetcd.etcd;

import io.grpc.Metadata;

/**
 * What a login yields, and every call shows; empty if etcd has authentication off or no user is
 * set. A token is compared by identity: two logins are two tokens.
 */
final class Token {

  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> HAS_LEADER =
      Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

  private final String secret;

  Token(String secret) {
    this.secret = secret;
  }

  /** The metadata of a unary call. */
  Metadata headers() {
    Metadata headers = new Metadata();
    if (!secret.isEmpty()) {
      headers.put(TOKEN, secret);
    }
    return headers;
  }

  /** The metadata of a stream: etcd ends it when its member has lost the leader. */
  Metadata streamHeaders() {
    Metadata headers = headers();
    headers.put(HAS_LEADER, "true");
    return headers;
  }

  @Override
  public String toString() {
    return secret.isEmpty() ? "no token" : "token ***";
  }
}
