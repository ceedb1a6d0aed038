package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EtcdErrorsTest {

  private static final Endpoint ENDPOINT = Endpoint.parse("etcd:2379");

  @ParameterizedTest
  @CsvSource({
    "NOT_FOUND, etcdserver: requested lease not found, LEASE_NOT_FOUND, NONE",
    "FAILED_PRECONDITION, etcdserver: lease already exists, LEASE_EXISTS, NONE",
    "OUT_OF_RANGE, etcdserver: mvcc: required revision has been compacted, COMPACTED, NONE",
    "OUT_OF_RANGE, etcdserver: mvcc: required revision is a future revision, UNAVAILABLE, NONE",
    "PERMISSION_DENIED, etcdserver: permission denied, DENIED, NONE",
    "UNAUTHENTICATED, etcdserver: invalid auth token, UNAUTHENTICATED, LOGIN",
    "INVALID_ARGUMENT, etcdserver: user name is empty, UNAUTHENTICATED, LOGIN",
    "INVALID_ARGUMENT, etcdserver: revision of auth store is old, UNAUTHENTICATED, LOGIN",
    "INVALID_ARGUMENT, 'etcdserver: authentication failed, invalid user ID or password', UNAUTHENTICATED, NONE",
    "FAILED_PRECONDITION, etcdserver: authentication is not enabled, UNAUTHENTICATED, NO_TOKEN",
    "RESOURCE_EXHAUSTED, etcdserver: mvcc: database space exceeded, REFUSED, NONE",
    "RESOURCE_EXHAUSTED, etcdserver: too many requests, UNAVAILABLE, NONE",
    "RESOURCE_EXHAUSTED, grpc: received message larger than max (5 vs. 4), REFUSED, NONE",
    "RESOURCE_EXHAUSTED, some proxy's limit, UNAVAILABLE, NONE",
    "INVALID_ARGUMENT, etcdserver: request is too large, REFUSED, NONE",
    "INVALID_ARGUMENT, etcdserver: too many operations in txn request, REFUSED, NONE",
    "INVALID_ARGUMENT, etcdserver: key is not provided, REFUSED, NONE",
    "UNAVAILABLE, etcdserver: no leader, UNAVAILABLE, LEAVE",
    "UNAVAILABLE, etcdserver: leader changed, UNAVAILABLE, NONE",
    "UNAVAILABLE, etcdserver: request timed out, UNAVAILABLE, NONE",
    "UNAVAILABLE, 'etcdserver: request timed out, possibly due to previous leader failure', UNAVAILABLE, NONE",
    "UNAVAILABLE, etcdserver: rpc not supported for learner, UNAVAILABLE, LEAVE",
    "FAILED_PRECONDITION, etcdserver: rpc not supported for learner, UNAVAILABLE, LEAVE",
    "UNAVAILABLE, etcdserver: server stopped, UNAVAILABLE, LEAVE",
    "UNAVAILABLE, io exception, UNAVAILABLE, LEAVE",
    "UNIMPLEMENTED, unknown service etcdserverpb.KV, UNAVAILABLE, LEAVE",
    "DATA_LOSS, etcdserver: corrupt cluster, UNAVAILABLE, NONE",
    "DEADLINE_EXCEEDED, context deadline exceeded, UNAVAILABLE, NONE",
    "UNKNOWN, anything, UNAVAILABLE, NONE",
    "INTERNAL, anything, UNAVAILABLE, NONE",
    "CANCELLED, anything, UNAVAILABLE, NONE",
  })
  void readsCodeAndTextTogether(Code code, String text, Kind kind, Remedy remedy) {
    Failure failure = EtcdErrors.of(Status.fromCode(code).withDescription(text), "range", ENDPOINT);
    assertThat(failure.exception().kind()).isEqualTo(kind);
    assertThat(failure.remedy()).isEqualTo(remedy);
    assertThat(failure.exception())
        .hasMessageStartingWith("range: ")
        .hasMessageContaining(text)
        .hasMessageEndingWith("[etcd etcd:2379]");
  }

  @Test
  void anotherCodeWithTheSameTextIsAnotherFailure() {
    Status odd = Status.UNKNOWN.withDescription("etcdserver: requested lease not found");
    assertThat(EtcdErrors.of(odd, "range", ENDPOINT).exception().kind())
        .isEqualTo(Kind.UNAVAILABLE);
  }

  @ParameterizedTest
  @CsvSource({
    "etcdserver: permission denied, DENIED, NONE",
    "rpc error: code = PermissionDenied desc = etcdserver: permission denied, DENIED, NONE",
    "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token, UNAUTHENTICATED, LOGIN",
    "rpc error: code = InvalidArgument desc = etcdserver: user name is empty, UNAUTHENTICATED, LOGIN",
    "etcdserver: revision of auth store is old, UNAUTHENTICATED, LOGIN",
    "etcdserver: mvcc: watcher range is empty, REFUSED, NONE",
    "'', UNAVAILABLE, NONE",
    "something new, UNAVAILABLE, NONE",
  })
  void readsTheReasonOfACanceledWatch(String reason, Kind kind, Remedy remedy) {
    Failure failure = EtcdErrors.ofCanceledWatch(reason, 0, ENDPOINT);
    assertThat(failure.exception().kind()).isEqualTo(kind);
    assertThat(failure.remedy()).isEqualTo(remedy);
  }

  @Test
  void aCompactRevisionSaysCompacted() {
    Failure failure = EtcdErrors.ofCanceledWatch("", 17, ENDPOINT);
    assertThat(failure.exception().kind()).isEqualTo(Kind.COMPACTED);
    assertThat(failure.exception()).hasMessageContaining("17");
  }

  @Test
  void digsTheCauseOfABrokenConnectionOut() {
    assertThat(reason(new ConnectException("Connection refused: /127.0.0.1:1")))
        .contains("connection refused");
    assertThat(reason(new UnknownHostException("etcd"))).contains("host name is unknown");
    assertThat(reason(tls("unable to find valid certification path to requested target")))
        .contains("CA that is not trusted");
    assertThat(reason(tls("No name matching etcd found"))).contains("for another host name");
    assertThat(reason(new SSLHandshakeException("Received fatal alert: bad_certificate")))
        .contains("requires a client certificate");
    assertThat(reason(new IllegalStateException("deepest words"))).contains("deepest words");
  }

  private static SSLHandshakeException tls(String text) {
    SSLHandshakeException handshake = new SSLHandshakeException("General OpenSslEngine problem");
    handshake.initCause(new CertificateException(text));
    return handshake;
  }

  private static String reason(Throwable cause) {
    Status status = Status.UNAVAILABLE.withDescription("io exception").withCause(cause);
    return EtcdErrors.of(status, "range", ENDPOINT).reason();
  }
}
