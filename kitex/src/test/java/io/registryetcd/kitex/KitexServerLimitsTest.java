package io.registryetcd.kitex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.registryetcd.kitex.wire.KitexVectors;
import io.registryetcd.kitex.wire.Message;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server does not take: its connection ends, alone, with a line in the log. */
class KitexServerLimitsTest {

  private final LogLines log = LogLines.capture();
  private final KitexServer server =
      LoopbackServer.start(
          LoopbackServer.builder()
              .maxFrameBytes(4096)
              .maxConnections(3)
              .messageTimeout(Duration.ofMillis(300)),
          TextProcessor.hello("s"));
  private final RawConnection bystander = RawConnection.to(server);

  @AfterEach
  void close() {
    bystander.close();
    server.close();
    log.close();
  }

  private void assertClosed(RawConnection client, String reason) {
    assertThat(client.isEnded()).isTrue();
    String closed = "connection of /127.0.0.1:" + client.socket().getLocalPort() + " closed";
    await().until(() -> !log.containing(closed).isEmpty());
    assertThat(log.containing(closed)).singleElement().asString().contains(reason);
    assertThat(Requests.text(bystander.call(Requests.echo(Framing.FRAMED, 1, "on"))))
        .isEqualTo("s|on");
  }

  @ParameterizedTest
  @CsvSource({
    "474554202f20485454502f312e310d0a, first bytes",
    "16030100c8010000c403, first bytes",
    "000010018001000100000004, frame: 4097 bytes (expected: at most 4096",
    "7fffffff1000000000000001, frame: 2147483647 bytes (expected: at most 4096",
    "8001000100001000, method: 4096 bytes",
    "800100010000000465636800000000010c00017f, type 127",
    "0000001a1000000000000001000100000000800200010000000461626364, first bytes",
    "0000000c8001000200000000000000010000, message type: REPLY",
    "0000000c8001000300000000000000010000, message type: EXCEPTION",
  })
  void badBytesEndTheirConnectionOnly(String hex, String reason) {
    try (var client = RawConnection.to(server).send(HexFormat.of().parseHex(hex))) {
      while (!client.isEnded()) {
        // an exception may come first
      }
      assertClosed(client, reason);
    }
  }

  @Test
  void gRpcIsToldWhatToUse() {
    try (var client =
        RawConnection.to(server)
            .send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII))) {
      assertClosed(client, "serve gRPC on a port of its own");
    }
  }

  @Test
  void streamingIsToldWhatToUse() {
    try (var client = RawConnection.to(server)) {
      var frames = new ByteArrayOutputStream();
      KitexVectors.all().stream()
          .filter(vector -> vector.id().equals("ttstream-open"))
          .forEach(vector -> frames.writeBytes(vector.bytes()));
      client.send(frames.toByteArray());

      assertClosed(client, "for streams use gRPC");
    }
  }

  @Test
  void whatCameBeforeBadBytesIsAnswered() {
    try (var client = RawConnection.to(server)) {
      client.send(Requests.echo(Framing.FRAMED, 1, "good")).send(new byte[64 * 1024]);

      assertThat(Requests.text(client.receive())).isEqualTo("s|good");
      assertClosed(client, "first bytes");
    }
  }

  @Test
  void aMessageMustBeCompleteInTime() {
    byte[] request = RawConnection.bytes(Requests.echo(Framing.FRAMED, 1, "hi"));
    try (var client = RawConnection.to(server)) {
      client.send(Arrays.copyOf(request, request.length - 1));

      assertClosed(client, "message: " + (request.length - 1) + " bytes of it in PT0.3S");
    }
  }

  @Test
  void aCallMayTakeLongerThanAMessage() {
    var slow =
        LoopbackServer.start(
            LoopbackServer.builder().messageTimeout(Duration.ofMillis(50)),
            TextProcessor.hello(
                (method, text) -> {
                  await().pollDelay(Duration.ofMillis(300)).until(() -> true);
                  return Optional.of(text);
                }));
    byte[] next = RawConnection.bytes(Requests.echo(Framing.FRAMED, 2, "half"));
    try (slow;
        var client = RawConnection.to(slow)) {
      client.send(Requests.echo(Framing.FRAMED, 1, "long")).send(Arrays.copyOf(next, 10));

      assertThat(Requests.text(client.receive())).isEqualTo("long");
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void theNewestConnectionIsRefusedWhereThereAreTooMany() {
    try (var second = RawConnection.to(server);
        var third = RawConnection.to(server)) {
      for (RawConnection client : new RawConnection[] {bystander, second, third}) {
        client.call(Requests.echo(Framing.FRAMED, 1, "hi"));
      }
      try (var fourth = RawConnection.to(server)) {
        assertThat(fourth.isEnded()).isTrue();
      }
      assertThat(log.containing("refused: 3 are open (expected: at most maxConnections"))
          .hasSize(1);
      second.endOutput();
      await()
          .ignoreExceptionsInstanceOf(UncheckedIOException.class) // refused: ended, or reset
          .until(
              () -> {
                try (var next =
                    RawConnection.to(server).send(Requests.echo(Framing.FRAMED, 1, "hi"))) {
                  return !next.isEnded();
                }
              });
    }
  }

  @Test
  void hostileTextCannotForgeLines() {
    var strict = LoopbackServer.start(ThriftService.of("Hello", (in, out) -> {}, Set.of("echo")));
    try (strict;
        var client = RawConnection.to(strict)) {
      client.send(
          Requests.thrift(
              Framing.FRAMED,
              Message.Type.CALL,
              "x\nWARN forged\u202e" + "y".repeat(2000),
              1,
              "hi"));

      assertThat(client.receive().type()).isEqualTo(Message.Type.EXCEPTION);
      assertThat(client.isEnded()).isTrue();
    }
    assertThat(log.containing("forged"))
        .singleElement()
        .asString()
        .contains("x\\u000aWARN forged\\u202ey")
        .hasSizeLessThan(600);
  }

  @Test
  void timeoutsMayBeAsLongAsTheyGo() {
    byte[] request = RawConnection.bytes(Requests.echo(Framing.FRAMED, 1, "hi"));
    var patient =
        LoopbackServer.start(
            LoopbackServer.builder()
                .messageTimeout(Duration.ofDays(24))
                .idleTimeout(Duration.ofDays(24)),
            TextProcessor.hello("s"));
    try (patient;
        var client = RawConnection.to(patient)) {
      client.send(Arrays.copyOf(request, 10));
      client.send(Arrays.copyOfRange(request, 10, request.length));

      assertThat(Requests.text(client.receive())).isEqualTo("s|hi");
    }
  }

  @Test
  void limitsAreChecked() {
    KitexServer.Builder builder = KitexServer.builder();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxFrameBytes(1023))
        .withMessage("maxFrameBytes: 1023 (expected: >= 1024)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxConnections(0))
        .withMessage("maxConnections: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.messageTimeout(Duration.ZERO))
        .withMessage("messageTimeout: PT0S (expected: > PT0S)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.idleTimeout(Duration.ofSeconds(179)))
        .withMessage(
            "idleTimeout: PT2M59S (expected: >= PT3M, because Kitex's clients keep idle connections for 2 min and would lose calls)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.messageTimeout(ChronoUnit.FOREVER.getDuration()))
        .withMessage("messageTimeout: PT2562047788015215H30M7.999999999S (expected: <= PT576H)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.idleTimeout(Duration.ofDays(25)))
        .withMessage("idleTimeout: PT600H (expected: <= PT576H)");
  }
}
