package io.registryetcd.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.ServiceView;
import io.registryetcd.examples.Program;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One of two servers goes while clients of the other side call, by every transport at once. */
@ExtendWith(RequiresGo.class)
class DeparturesTest {

  private static final int TTL_SECONDS = 5;

  /** The time limit of a call. */
  private static final int CALL_SECONDS = 5;

  private static final int PAUSE_MILLIS = 2;

  /** So that few calls begin while a process is being killed. */
  private static final int LONGER_PAUSE_MILLIS = 20;

  @RegisterExtension static final EtcdExtension extension = EtcdExtension.create();

  private final TestEtcd etcd = extension.etcd();
  private final Peers peers = new Peers(etcd);

  @AfterEach
  void end() {
    peers.close();
  }

  /** Servers of one side for all transports: those that will go, and those that stay. */
  private final class Servers {

    final List<Program> going;
    final List<String> addresses;

    Servers(Side side, String... flagsOfGoing) {
      List<Program> staying = start(side, "stays");
      going = start(side, "goes", flagsOfGoing);
      staying.forEach(Program::awaitReady);
      addresses = going.stream().map(Program::awaitReady).toList();
    }

    private List<Program> start(Side side, String id, String... flags) {
      return Stream.of("framed", "grpc")
          .map(transport -> peers.server(side, transport, service(transport), id, flags))
          .toList();
    }
  }

  private static String service(String transport) {
    return transport.equals("grpc") ? "HelloGrpc" : "Hello";
  }

  /** A client by each transport, each calling. */
  private Map<String, Program> callingClients(Side side, int pauseMillis) {
    Map<String, Program> clients = new TreeMap<>();
    for (String transport : Peers.TRANSPORTS) {
      clients.put(
          transport,
          peers.callingClient(
              side, transport, service(transport), List.of("goes", "stays"), pauseMillis));
    }
    return clients;
  }

  /** Tells how many calls failed, by transport; each client has one call in flight at a time. */
  private static void report(
      Map<String, Program> clients, ToIntFunction<String> most, TestReporter reporter) {
    Map<String, Integer> bad = new TreeMap<>();
    int all = 0;
    clients.values().forEach(Program::endInput);
    for (Map.Entry<String, Program> client : clients.entrySet()) {
      Calls calls = Calls.of(client.getValue());
      assertThat(calls.byInstance())
          .as(client.getValue()::toString)
          .containsOnlyKeys("goes", "stays");
      assertThat(calls.bad())
          .as(client.getValue()::toString)
          .isLessThanOrEqualTo(most.applyAsInt(client.getKey()));
      bad.put(client.getKey(), calls.bad());
      all += calls.calls();
    }
    reporter.publishEntry("calls", all + ", failed " + bad);
  }

  @DisplayName("K5 Java server leaves, Go clients")
  @Test
  void javaServerLeavesWithoutAFailedCall(TestReporter reporter) {
    Servers servers = new Servers(Side.JAVA);
    Map<String, Program> clients = callingClients(Side.GO, PAUSE_MILLIS);
    servers.going.forEach(Program::terminate);
    servers.going.forEach(server -> assertThat(server.awaitEnd()).isEqualTo(143));
    Peers.goOnCalling();
    report(clients, transport -> 0, reporter);
  }

  @DisplayName("K6 Go server leaves, Java clients")
  @Test
  void goServerLeavesWithNoFailuresButCallsInFlight(TestReporter reporter) {
    Servers servers = new Servers(Side.GO);
    Map<String, Program> clients = callingClients(Side.JAVA, PAUSE_MILLIS);
    servers.going.forEach(Program::terminate);
    assertThat(servers.going.get(0).awaitEnd()).as("by Thrift").isZero();
    // With 1 after a call between Kitex's two GOAWAYs: Kitex then leaves the close to its client,
    // grpc-java to the server, and Kitex's own time limit ends it.
    assertThat(servers.going.get(1).awaitEnd()).as("by gRPC").isIn(0, 1);
    Peers.goOnCalling();
    report(clients, transport -> 1, reporter);
  }

  @DisplayName("K7 Java server is killed, Go clients")
  @Test
  void killedJavaServerIsGoneAfterItsTimeToLive(TestReporter reporter) {
    killed(Side.JAVA, Side.GO, reporter);
  }

  @DisplayName("K7 Go server is killed, Java clients")
  @Test
  void killedGoServerIsGoneAfterItsTimeToLive(TestReporter reporter) {
    killed(Side.GO, Side.JAVA, reporter);
  }

  private void killed(Side server, Side client, TestReporter reporter) {
    Servers servers = new Servers(server, "--ttl", Integer.toString(TTL_SECONDS));
    Map<String, Program> clients = callingClients(client, LONGER_PAUSE_MILLIS);
    int expired = expiredLeases();
    Duration dying;
    long begin;
    try (EtcdResolver resolver = EtcdResolver.create(etcd.endpoint())) {
      List<ServiceView> views =
          Peers.TRANSPORTS.stream().map(transport -> resolver.view(service(transport))).toList();
      // a Go server that was held up for longer than its time to live is back after half a minute
      await("known")
          .atMost(Duration.ofMinutes(1))
          .until(() -> listed(views).containsAll(servers.addresses));
      begin = System.nanoTime();
      servers.going.forEach(program -> program.handle().destroyForcibly());
      servers.going.forEach(Program::awaitEnd);
      dying = since(begin);
      // etcd looks for expired leases every half second
      await("gone")
          .atMost(Duration.ofSeconds(TTL_SECONDS + 2))
          .until(() -> Collections.disjoint(listed(views), servers.addresses));
    }
    await("gone because their leases ended")
        .until(() -> expiredLeases() >= expired + servers.going.size());
    Peers.goOnCalling();
    Duration called = since(begin);
    report(clients, transport -> mostLost(client, transport, dying, called), reporter);
  }

  /**
   * The call in flight, and those that begin while the kernel ends the process: it closes one
   * socket after the other, and takes new connections as long as the one that listens is open.
   *
   * <p>Kitex's gRPC client has several connections to a server, each of which may lose a call. And
   * it never notices the end of a connection on which it has not received anything: it calls on
   * such a one as long as the server is listed, each time until the time limit of the call.
   */
  private static int mostLost(Side client, String transport, Duration dying, Duration called) {
    int begun = (int) dying.toMillis() / LONGER_PAUSE_MILLIS;
    return client == Side.GO && transport.equals("grpc")
        ? Peers.CONNECTIONS_OF_KITEX_GRPC + begun + 1 + (int) called.toSeconds() / CALL_SECONDS
        : 1 + begun;
  }

  private static List<String> listed(List<ServiceView> views) {
    return views.stream()
        .flatMap(view -> view.snapshot().instances().stream())
        .map(Instance::address)
        .toList();
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(System.nanoTime() - nanoTime);
  }

  private int expiredLeases() {
    String name = "etcd_debugging_server_lease_expired_total ";
    return etcd.metrics()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToInt(line -> Integer.parseInt(line.substring(name.length())))
        .sum();
  }
}
