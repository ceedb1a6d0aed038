package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.EtcdException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The stream that renews all leases of a session; a lease of 60 s is renewed each 20 s. */
class LeasesTest {

  private final FakeEtcdClient etcd = new FakeEtcdClient();
  private final ManualLoop loop = new ManualLoop();
  private final EtcdSession session =
      EtcdSession.create(
          EtcdConfig.builder().endpoints("etcd:2379").leaseTtl(Duration.ofSeconds(60)).build(),
          etcd,
          loop,
          new FakeRandom(),
          Runnable::run);
  private final LeaseSlot.Member member =
      new LeaseSlot.Member() {
        @Override
        public void onLease(long lease, Duration ttl) {}

        @Override
        public void onLeaseLost() {}

        @Override
        public void onLeaseDoubtful(boolean doubtful) {}

        @Override
        public void onLeaseRefused(EtcdException cause) {}

        @Override
        public boolean hasMovedTo(long lease) {
          return true;
        }
      };

  private void join() {
    session.leases().shared().join(member);
    loop.run();
  }

  private List<String> taken() {
    return etcd.taken();
  }

  @Test
  void theStreamIsOpenedWithTheFirstLeaseAndRenewsItAtOnce() {
    join();

    assertThat(taken()).containsExactly("grant 1", "open lease stream", "keep alive 1");
  }

  @Test
  void theStreamIsClosedWithTheLastLease() {
    join();
    taken();

    session.leases().shared().leave(member);
    loop.run();

    assertThat(taken()).containsExactly("revoke 1", "close lease stream");
  }

  @Test
  void aLeaseIsRenewedThreeTimesInItsTimeToLive() {
    join();
    etcd.renew(1, 60);
    loop.run();
    taken();

    loop.pass(Duration.ofSeconds(20));
    etcd.renew(1, 60);
    loop.pass(Duration.ofSeconds(20));

    assertThat(taken()).containsExactly("keep alive 1", "keep alive 1");
  }

  @Test
  void aStreamThatEndsIsOpenedAgainAfterTheBackoffAndRenewsAtOnce() {
    join();
    etcd.renew(1, 60);
    loop.run();
    taken();

    etcd.endLeaseStream();
    loop.pass(Duration.ofMillis(99));
    assertThat(taken()).doesNotContain("open lease stream");

    loop.pass(Duration.ofMillis(1));
    assertThat(taken()).containsExactly("open lease stream", "keep alive 1");
  }

  @Test
  void aKeepaliveWithoutAnAnswerOpensTheStreamAgainAndTheSecondTimeLeavesTheEndpoint() {
    join();
    taken();

    loop.pass(Duration.ofSeconds(2));
    assertThat(taken()).containsExactly("close lease stream", "open lease stream", "keep alive 1");

    loop.pass(Duration.ofSeconds(2));
    assertThat(taken()).contains("leave etcd:2379", "open lease stream", "keep alive 1");
  }

  @Test
  void aStreamThatWaitsForTheLoginIsNotTakenForASilentOne() {
    etcd.keepStreamsWaitingForTheLogin();
    join();
    loop.pass(Duration.ofSeconds(25));
    assertThat(taken()).containsExactly("grant 1", "open lease stream");

    etcd.logIn();
    loop.run();
    assertThat(taken()).containsExactly("keep alive 1");

    loop.pass(Duration.ofSeconds(2));
    assertThat(taken()).containsExactly("close lease stream", "open lease stream", "keep alive 1");
  }

  @Test
  void anAnswerEndsTheWaitForIt() {
    join();
    taken();

    loop.pass(Duration.ofSeconds(1));
    etcd.renew(1, 60);
    loop.pass(Duration.ofSeconds(10));

    assertThat(taken()).isEmpty();
  }

  @Test
  void anAnswerToAnEarlierStreamCountsNoMore() {
    join();
    loop.pass(Duration.ofSeconds(2));
    session.leases().shared().leave(member);
    loop.run();
    taken();

    etcd.renew(1, 0);
    loop.run();

    assertThat(taken()).isEmpty();
  }

  @Test
  void anEndpointThatAnswersOtherCallsMeanwhileIsOnlySlowAndNotLeft() {
    join();
    loop.pass(Duration.ofSeconds(2));
    taken();

    session.leases().newSlot().join(member);
    loop.pass(Duration.ofMillis(1_500));

    assertThat(taken()).contains("open lease stream").doesNotContain("leave etcd:2379");
  }
}
