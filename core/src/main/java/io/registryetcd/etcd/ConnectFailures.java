package io.registryetcd.etcd;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Plain words for why a connection could not be made or did not last: the cause is often several
 * exceptions deep, and worded for the implementer of TLS.
 */
final class ConnectFailures {

  private static final int MAX_DEPTH = 16;

  private static final List<Hint> HINTS =
      List.of(
          new Hint("connection refused", "nothing listens there: connection refused"),
          new Hint("unknownhost", "the host name is unknown"),
          new Hint(
              "unable to find valid certification path",
              "etcd's certificate is signed by a CA that is not trusted: set its CA file"),
          new Hint(
              "no subject alternative", "etcd's certificate is for another host name" + Hint.HOST),
          new Hint("no name matching", "etcd's certificate is for another host name" + Hint.HOST),
          new Hint("certificateexpired", "etcd's certificate has expired"),
          new Hint("validity check failed", "a certificate has expired or is not yet valid"),
          new Hint("certificate_required", Hint.CLIENT),
          new Hint("certificate required", Hint.CLIENT),
          new Hint("bad_certificate", Hint.CLIENT),
          new Hint("bad certificate", Hint.CLIENT),
          new Hint("unknown_ca", "etcd does not trust the client certificate: its CA is another"),
          new Hint("unknown ca", "etcd does not trust the client certificate: its CA is another"),
          new Hint("notsslrecord", "etcd speaks plaintext there: use http"),
          new Hint("not an ssl/tls record", "etcd speaks plaintext there: use http"),
          new Hint("connection closed while performing tls negotiation", Hint.HANDSHAKE),
          new Hint("network closed for unknown reason", Hint.CLOSED),
          new Hint("first received frame was not settings", "not plaintext HTTP/2 there: TLS?"),
          // a reset is a close while bytes were on their way; gRPC names the handlers of a
          // handshake
          new Hint("clienttlshandler.*connection reset", Hint.HANDSHAKE),
          new Hint("connection reset", Hint.CLOSED));

  /** Words for failures in whose lower-case texts a pattern is found. */
  private record Hint(Pattern pattern, String words) {
    static final String HOST = ": use a name that is in it, or set the authority";
    static final String CLOSED =
        "the other side closed the connection: an etcd that ends, or one that expects https";
    static final String HANDSHAKE =
        "the connection was closed in the TLS handshake: is it plaintext there?";
    static final String CLIENT =
        "etcd requires a client certificate, or refuses the one it was shown: set certificate and key";

    Hint(String pattern, String words) {
      this(Pattern.compile(pattern, Pattern.DOTALL), words);
    }
  }

  private ConnectFailures() {}

  /**
   * The failure in plain words, or the deepest cause's own words; null if there is nothing to add.
   */
  static @Nullable String explain(@Nullable Throwable cause, String description) {
    StringBuilder texts = new StringBuilder(description);
    @Nullable Throwable deepest = cause;
    int depth = 0;
    for (Throwable t = cause; t != null && depth < MAX_DEPTH; t = t.getCause(), depth++) {
      texts.append(' ').append(t.getClass().getSimpleName()).append(' ').append(t.getMessage());
      deepest = t;
    }
    String all = texts.toString().toLowerCase(Locale.ROOT);
    for (Hint hint : HINTS) {
      if (hint.pattern.matcher(all).find()) {
        return hint.words;
      }
    }
    String message = deepest == null ? null : deepest.getMessage();
    return message == null || message.isEmpty() ? null : message;
  }
}
