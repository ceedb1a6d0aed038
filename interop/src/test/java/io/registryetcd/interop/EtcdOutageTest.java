package io.registryetcd.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.examples.Program;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd goes and comes back while both sides call each other. */
@ExtendWith(RequiresGo.class)
class EtcdOutageTest {

  /**
   * How long a Go server may take to register again: it looks at its key every 30 s; if etcd does
   * not answer within 3 s, again 10 s later. These are 43 s, and some for what is slow.
   */
  private static final Duration REGISTERED_AGAIN = Duration.ofSeconds(60);

  /** Longer than that. */
  private static final String HOLD_SECONDS = "90";

  @RegisterExtension static final EtcdExtension extension = EtcdExtension.create();

  private final TestEtcd etcd = extension.etcd();

  @DisplayName("K8 etcd restarts, then comes back empty")
  @Test
  void noCallFails(TestReporter reporter) {
    try (Peers peers = new Peers(etcd)) {
      // first: a Go server ends if etcd does not answer within 3 s
      peers.server(Side.GO, "framed", "Go", "go").awaitReady();
      List<Program> servers =
          List.of(
              peers.server(Side.JAVA, "framed", "Java-thrift", "java"),
              peers.server(Side.JAVA, "grpc", "Java-grpc", "java"));
      servers.forEach(Program::awaitReady);
      List<Program> clients = new ArrayList<>();
      for (String transport : Peers.TRANSPORTS) {
        String java = transport.equals("grpc") ? "Java-grpc" : "Java-thrift";
        clients.add(peers.callingClient(Side.GO, transport, java, List.of("java"), 5));
        clients.add(
            peers.callingClient(
                Side.JAVA, transport, "Go", List.of("go"), 5, "--hold", HOLD_SECONDS));
      }

      etcd.kill();
      Peers.goOnCalling();
      etcd.restart();
      Peers.goOnCalling();
      etcd.kill();
      etcd.wipe();
      etcd.restart();
      await("all are registered again")
          .atMost(REGISTERED_AGAIN)
          .until(
              () -> {
                String keys = etcd.etcdctl("get", "--prefix", "--keys-only", "kitex/");
                return Stream.of("/Go/", "/Java-thrift/", "/Java-grpc/").allMatch(keys::contains);
              });
      clients.forEach(Program::endInput);

      int all = 0;
      for (Program client : clients) {
        Calls calls = Calls.of(client);
        assertThat(calls.bad()).as(client::toString).isZero();
        all += calls.calls();
      }
      reporter.publishEntry("calls", all + ", failed 0");
    }
  }
}
