package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.Registration.State;
import io.registryetcd.StoredKeys.Stored;
import io.registryetcd.testkit.EtcdExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server in a JVM of its own, and the signals that end it. */
class ServerProcessTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private static final Duration START = Duration.ofSeconds(30);
  private static final int TTL = 3;

  private final StoredKeys keys = new StoredKeys(server.etcd());
  private final int port = freePort();
  private final String key = "kitex/registry-etcd/Hello/127.0.0.1:" + port;

  private static int freePort() {
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return any.getLocalPort();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private ChildJvm start(int ttlSeconds, int drainSeconds, String ending) {
    ChildJvm child =
        peers.closing(
            ChildJvm.start(
                HelloServer.class,
                Map.of("KITEX_IP_TO_REGISTRY", "127.0.0.1"),
                List.of("-Dorg.slf4j.simpleLogger.defaultLogLevel=info"),
                server.endpoint(),
                Integer.toString(port),
                Integer.toString(ttlSeconds),
                Integer.toString(drainSeconds),
                ending));
    await().atMost(START).until(() -> child.output().contains("ready") || !child.isAlive());
    assertThat(keys.has(key)).as(child.output()).isTrue();
    return child;
  }

  private boolean serves() {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return client.getInputStream().read() == '!';
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void sigtermDeregistersServesOnDrainsAndExits() {
    ChildJvm child = start(60, 6, "graceful");
    EtcdResolver resolver = peers.resolver(server.endpoint());
    ServiceView view = resolver.view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);

    child.terminate();
    await("invisible after SIGTERM")
        .atMost(Duration.ofMillis(2500))
        .until(() -> view.snapshot().isEmpty());
    assertThat(serves()).as("serves on while it drains").isTrue();
    assertThat(child.isAlive()).isTrue();
    assertThat(keys.has(key)).isFalse();
    child.awaitExit(Duration.ofSeconds(6).plus(SOON));
    assertThat(child.output()).contains("deregistered", "server shut down", "shut down");
    assertThat(serves()).isFalse();
    assertThat(keys.leases()).isEmpty();
  }

  @Test
  void sigtermWithoutAGracefulShutdownDeregistersAllTheSame() {
    ChildJvm child = start(60, 0, "plain");
    child.terminate();
    child.awaitExit(SOON);
    assertThat(keys.has(key)).as(child.output()).isFalse();
    assertThat(keys.leases()).isEmpty();
    assertThat(child.output()).doesNotContain("Exception");
  }

  @Test
  void sigtermWhileEtcdIsAwayEndsInTime() {
    ChildJvm child = start(60, 1, "graceful");
    server.etcd().kill();
    child.terminate();
    // 1 s to deregister in vain, 1 s to drain, 2 s to close
    child.awaitExit(Duration.ofSeconds(4).plus(SOON));
    assertThat(child.output()).contains("server shut down");
  }

  @Test
  void killedProcessIsGoneAfterItsTimeToLive() {
    ChildJvm child = start(TTL, 1, "graceful");
    ServiceView view = peers.resolver(server.endpoint()).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);
    child.kill();
    // etcd looks for ended leases twice a second
    await("gone after SIGKILL with a time to live of 3 s")
        .atMost(Duration.ofSeconds(TTL).plusMillis(600).plusSeconds(2))
        .until(() -> view.snapshot().isEmpty());
  }

  @Test
  void frozenProcessIsReplacedAndDoesNotSpoilItWhenItWakesAndLeaves() {
    ChildJvm old = start(TTL, 0, "graceful");
    old.freeze();
    Registration newer =
        peers
            .registry(config(server.endpoint()).build())
            .register("Hello", TestPeers.instance(port));
    newer.await(SOON);
    Stored taken = keys.at(key).orElseThrow();
    old.terminate();
    old.thaw();
    old.awaitExit(Duration.ofSeconds(10));
    assertThat(keys.at(key)).contains(taken);
    assertThat(newer.state()).isEqualTo(State.REGISTERED);
  }

  @Test
  void frozenProcessThatLostItsLeaseRegistersAgainWhenItWakes() {
    ChildJvm child = start(TTL, 0, "graceful");
    ServiceView view = peers.resolver(server.endpoint()).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);
    child.freeze();
    await().atMost(Duration.ofSeconds(TTL + 3)).until(() -> view.snapshot().isEmpty());
    child.thaw();
    await("registered after the process woke")
        .atMost(Duration.ofSeconds(4))
        .until(() -> view.snapshot().size() == 1);
  }
}
