package io.registryetcd.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.testkit.FaultProxy.Direction;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultProxyTest {
  private static final int SILENCE_MILLIS = 150;

  private LoopbackServer target;
  private FaultProxy proxy;
  private Socket client;
  private Socket server;

  @BeforeEach
  void connect() throws IOException {
    target = LoopbackServer.start();
    proxy = FaultProxy.to(target.endpoint());
    reconnect();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    server.close();
    proxy.close();
    target.close();
    await().until(() -> threads() == 0);
  }

  @Test
  void passesBytesBothWaysAndCountsThem() throws IOException {
    send(client, "hello");
    assertThat(receive(server, 5)).isEqualTo("hello");
    send(server, "hi");
    assertThat(receive(client, 2)).isEqualTo("hi");
    assertThat(proxy.bytes(Direction.TO_TARGET)).isEqualTo(5);
    assertThat(proxy.bytes(Direction.TO_CLIENT)).isEqualTo(2);
    assertThat(proxy.connections()).isEqualTo(1);
  }

  @Test
  void passesTheEndOfEachSide() throws IOException {
    client.shutdownOutput();
    assertThat(server.getInputStream().read()).isEqualTo(-1);
    send(server, "late");
    assertThat(receive(client, 4)).isEqualTo("late");
    server.close();
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    await().until(() -> proxy.connections() == 0);
  }

  @Test
  void delaysBytes() throws IOException {
    proxy.delay(Duration.ofMillis(100));
    long start = System.nanoTime();
    send(client, "hello");
    assertThat(receive(server, 5)).isEqualTo("hello");
    send(server, "hello");
    assertThat(receive(client, 5)).isEqualTo("hello");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(195));
  }

  @Test
  void cutsAfterTheExactByteOnce() throws IOException {
    proxy.cutAfter(3, Direction.TO_TARGET);
    send(client, "ab");
    assertThat(receive(server, 2)).isEqualTo("ab");
    send(client, "cdef");
    assertThat(new String(server.getInputStream().readAllBytes(), US_ASCII)).isEqualTo("c");
    assertEnds(client);
    await().until(() -> proxy.connections() == 0);
    assertThat(proxy.cuts()).isEqualTo(1);
    reconnect();
    send(client, "hello");
    assertThat(receive(server, 5)).isEqualTo("hello");
  }

  @Test
  void blackholeSwallowsBytesAndEndsOfOldAndNewConnections() throws IOException {
    proxy.blackhole(Direction.TO_TARGET);
    send(client, "lost");
    assertSilent(server);
    send(server, "back");
    assertThat(receive(client, 4)).isEqualTo("back");
    reconnect();
    send(client, "lost");
    client.close();
    assertSilent(server);
    assertThat(proxy.bytes(Direction.TO_TARGET)).isZero();
  }

  @Test
  void connectionThatLostBytesStaysSilentAndNewOnesPass() throws IOException {
    proxy.blackhole();
    send(client, "lost");
    await().until(() -> proxy.lost(Direction.TO_TARGET) == 4);
    proxy.pass();
    send(client, "lost too");
    assertSilent(server);
    reconnect();
    send(client, "hello");
    assertThat(receive(server, 5)).isEqualTo("hello");
  }

  @Test
  void abandonedConnectionEndsWhenTheBlackholeDoes() throws IOException {
    proxy.blackhole();
    client.close();
    await().until(() -> proxy.hiddenEnds() == 1);
    assertSilent(server);
    proxy.pass();
    assertEnds(server);
    await().until(() -> proxy.connections() == 0);
  }

  @Test
  void connectionThatLostBytesEndsWhenItIsLeftAfterTheBlackhole() throws IOException {
    proxy.blackhole();
    send(client, "lost");
    await().until(() -> proxy.lost(Direction.TO_TARGET) == 4);
    proxy.pass();
    client.close();
    assertEnds(server);
    await().until(() -> proxy.connections() == 0);
  }

  @Test
  void stalledBytesArriveLater() throws IOException {
    proxy.stall(Direction.TO_TARGET);
    send(client, "hello");
    assertSilent(server);
    proxy.pass();
    assertThat(receive(server, 5)).isEqualTo("hello");
  }

  @Test
  void halfCloseEndsOneDirection() throws IOException {
    proxy.halfClose(Direction.TO_CLIENT);
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    send(client, "hello");
    assertThat(receive(server, 5)).isEqualTo("hello");
  }

  @Test
  void resetIsSeenAsResetByBothSides() throws IOException {
    // both directions are known to be up, so the connection is established on each side
    passesBytesBothWaysAndCountsThem();
    proxy.reset();
    assertThatThrownBy(() -> client.getInputStream().read())
        .isInstanceOf(SocketException.class)
        .hasMessageContaining("reset");
    assertThatThrownBy(() -> server.getInputStream().read())
        .isInstanceOf(SocketException.class)
        .hasMessageContaining("reset");
    assertThat(proxy.connections()).isZero();
  }

  @Test
  void resetOfOneSideIsPassedOn() throws IOException {
    passesBytesBothWaysAndCountsThem();
    server.setSoLinger(true, 0);
    server.close();
    assertThatThrownBy(() -> client.getInputStream().read())
        .isInstanceOf(SocketException.class)
        .hasMessageContaining("reset");
  }

  @Test
  void closedConnectionsEndInOrder() throws IOException {
    proxy.closeConnections();
    assertEnds(client);
    assertEnds(server);
  }

  @Test
  void refusesNewConnectionsUntilItPassesAgain() throws IOException {
    proxy.refuse();
    assertThatThrownBy(() -> new Socket("127.0.0.1", proxy.port()))
        .isInstanceOf(ConnectException.class);
    send(client, "hello");
    assertThat(receive(server, 5)).isEqualTo("hello");
    proxy.pass();
    reconnect();
    assertThat(proxy.accepted()).isEqualTo(2);
  }

  @Test
  void missingTargetIsSeenAsReset() throws IOException {
    target.close();
    try (Socket other = new Socket("127.0.0.1", proxy.port())) {
      other.setSoTimeout(5000);
      assertThatThrownBy(() -> other.getInputStream().read())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
  }

  @Test
  void closeEndsStalledAndDelayedThreads() throws IOException {
    proxy.stall(Direction.TO_TARGET);
    proxy.delay(Direction.TO_CLIENT, Duration.ofHours(1));
    send(client, "hello");
    send(server, "hello");
    assertSilent(server);
    proxy.close();
    assertThat(threads()).isZero();
  }

  @Test
  void targetNeedsAPort() {
    assertThatThrownBy(() -> FaultProxy.to("localhost"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("host:port");
  }

  private void reconnect() throws IOException {
    int before = proxy.connections();
    client = new Socket("127.0.0.1", proxy.port());
    client.setSoTimeout(5000);
    server = target.accept();
    await().until(() -> proxy.connections() > before);
  }

  private long threads() {
    String name = "fault-proxy-" + proxy.port() + "-";
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(name))
        .count();
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(US_ASCII));
  }

  private static String receive(Socket socket, int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), US_ASCII);
  }

  private static void assertSilent(Socket socket) throws IOException {
    socket.setSoTimeout(SILENCE_MILLIS);
    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(5000);
  }

  /** In order, or by a reset if it had sent something meanwhile. */
  private static void assertEnds(Socket socket) {
    try {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    } catch (IOException e) {
      assertThat(e).isInstanceOf(SocketException.class);
    }
  }
}
