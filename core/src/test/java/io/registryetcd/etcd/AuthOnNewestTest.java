package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.testkit.EtcdBinary;
import io.registryetcd.testkit.TestEtcdException;
import org.junit.jupiter.api.Test;

/** The same on the newest etcd, which answers many of these cases in another way than 3.4. */
class AuthOnNewestTest extends AuthTest {

  @Override
  EtcdBinary binary() {
    try {
      return EtcdBinary.newest();
    } catch (TestEtcdException e) {
      return abort("no newest etcd here: " + e.getMessage());
    }
  }

  @Test
  void aKeepaliveStreamThatEndsWithItsTokenIsOpenedAgainWithANewOne() {
    RecordingLeaseListener first = new RecordingLeaseListener();
    Clients.get(client().leaseGrant(815, 60));
    LeaseStream stream = client().openLeaseStream(first);
    stream.keepAlive(815);
    first.nextReply();
    awaitTokenExpiry();
    stream.keepAlive(815);
    EtcdException end = first.nextEnd();
    assertThat(end.kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(end).hasMessageContaining("its token has expired");
    RecordingLeaseListener second = new RecordingLeaseListener();
    client().openLeaseStream(second).keepAlive(815);
    assertThat(second.nextReply().ttlSeconds()).isEqualTo(60);
  }
}
