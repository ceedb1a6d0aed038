package io.registryetcd.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.registryetcd.testkit.FaultProxy.Direction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FaultProxyFrameTest {
  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);
  private static final byte[] WATCH_CREATED = {0x18, 0x01};

  @Test
  void cutsBetweenTwoFramesOfOneWrite() throws IOException {
    try (LoopbackServer target = LoopbackServer.start();
        FaultProxy proxy = FaultProxy.to(target.endpoint());
        Socket client = new Socket("127.0.0.1", proxy.port());
        Socket server = target.accept()) {
      proxy.cutAfterFrame(Direction.TO_CLIENT, Http2Frame.nth(2, Http2Frame::isData));
      byte[] before =
          all(frame(Http2Frame.SETTINGS, 0, ""), frame(0, 1, "one"), frame(0, 3, "two"));
      server.getOutputStream().write(all(before, frame(0, 1, "three")));
      assertThat(client.getInputStream().readAllBytes()).isEqualTo(before);
    }
  }

  @Test
  void framesAreSeenWholeThoughTheyComeInPieces() throws IOException {
    try (LoopbackServer target = LoopbackServer.start();
        FaultProxy proxy = FaultProxy.to(target.endpoint());
        Socket client = new Socket("127.0.0.1", proxy.port());
        Socket server = target.accept()) {
      List<Http2Frame> seen = new CopyOnWriteArrayList<>();
      proxy.onFrame(Direction.TO_TARGET, seen::add);
      byte[] bytes = all(PREFACE, frame(Http2Frame.SETTINGS, 0, ""), frame(0, 5, "hello"));
      for (byte single : bytes) {
        client.getOutputStream().write(single);
      }
      assertThat(server.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
      assertThat(seen).hasSize(2);
      Http2Frame data = seen.get(1);
      assertThat(data.stream()).isEqualTo(5);
      assertThat(data.connection()).isEqualTo(1);
      assertThat(data.flags()).isZero();
      assertThat(data.payload()).asString(US_ASCII).isEqualTo("hello");
      assertThat(data.contains("ell")).isTrue();
      assertThat(data.contains("elf")).isFalse();
      assertThat(data).hasToString("Http2Frame[type=0, flags=0, stream=5, payload=5 bytes]");
    }
  }

  @Test
  void incompleteFrameIsPassedOnAtTheEnd() throws IOException {
    try (LoopbackServer target = LoopbackServer.start();
        FaultProxy proxy = FaultProxy.to(target.endpoint());
        Socket client = new Socket("127.0.0.1", proxy.port());
        Socket server = target.accept()) {
      client.getOutputStream().write(all(PREFACE, new byte[] {0, 0}));
      client.shutdownOutput();
      assertThat(server.getInputStream().readAllBytes()).hasSize(PREFACE.length + 2);
    }
  }

  @Test
  void failingPredicateResetsTheConnection() throws IOException {
    try (LoopbackServer target = LoopbackServer.start();
        FaultProxy proxy = FaultProxy.to(target.endpoint());
        Socket client = new Socket("127.0.0.1", proxy.port());
        Socket server = target.accept()) {
      proxy.onFrame(
          Direction.TO_CLIENT,
          frame -> {
            throw new IllegalStateException("planned");
          });
      server.getOutputStream().write(frame(Http2Frame.SETTINGS, 0, ""));
      assertThatThrownBy(() -> client.getInputStream().read()).hasMessageContaining("reset");
    }
  }

  @Test
  void putIsExecutedThoughItsReplyIsCut(TestEtcd etcd) {
    try (FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
      proxy.cutReply(frame -> frame.contains("some-key"));
      Command.Result result =
          Command.of(
                  etcd.binary().ctl().toString(),
                  "--endpoints=" + proxy.endpoint(),
                  "put",
                  "some-key",
                  "value")
              .with("ETCDCTL_API", "3")
              .run();
      assertThat(proxy.cuts()).isEqualTo(1);
      assertThat(result.code()).isNotZero();
      assertThat(TestEtcdTest.value(etcd, "some-key")).isEqualTo("value");
    }
  }

  @Test
  void watchIsCutBetweenCreatedAndItsFirstEvent(TestEtcd etcd) throws IOException {
    try (FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
      proxy.cutAfterFrame(
          Direction.TO_CLIENT, frame -> frame.isData() && frame.contains(WATCH_CREATED));
      Process watch =
          new ProcessBuilder(
                  etcd.binary().ctl().toString(), "--endpoints=" + proxy.endpoint(), "watch", "key")
              .redirectErrorStream(true)
              .start();
      try {
        await().atMost(Duration.ofSeconds(10)).until(() -> proxy.cuts() == 1);
        etcd.etcdctl("put", "key", "value");
        assertThat(watch.inputReader().readLine()).isEqualTo("PUT");
        assertThat(proxy.accepted()).isGreaterThan(1);
      } finally {
        watch.destroyForcibly();
      }
    }
  }

  @Test
  void tlsPassesAsBytes() {
    try (TestCertificates certificates = TestCertificates.create();
        TestEtcd etcd = TestEtcd.builder().tls(certificates).start();
        FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
      List<Http2Frame> seen = new CopyOnWriteArrayList<>();
      proxy.onFrame(Direction.TO_CLIENT, seen::add);
      etcd.etcdctl("--endpoints=https://" + proxy.endpoint(), "put", "key", "value");
      assertThat(proxy.bytes(Direction.TO_CLIENT)).isPositive();
      assertThat(seen).isEmpty();
    }
  }

  private static byte[] frame(int type, int stream, String payload) {
    byte[] header = {0, 0, (byte) payload.length(), (byte) type, 0, 0, 0, 0, (byte) stream};
    return all(header, payload.getBytes(US_ASCII));
  }

  private static byte[] all(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
