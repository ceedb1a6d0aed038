package io.registryetcd.kitex;

import static com.google.common.util.concurrent.Uninterruptibles.awaitUninterruptibly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.Message;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a server is made of: address, executor, threads. */
@Tag("libthrift-any")
class KitexServerTest {

  private static final Message REQUEST = Requests.echo(Framing.FRAMED, 1, "hi");

  @Test
  void itTellsThePortItGot() {
    try (var server = LoopbackServer.start(TextProcessor.hello("s"))) {
      assertThat(server.port()).isPositive();
      assertThat(server.address())
          .isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    }
  }

  @Test
  void anAddressInUseIsAnError() {
    try (var server = LoopbackServer.start(TextProcessor.hello("s"))) {
      assertThatIOException()
          .isThrownBy(
              () ->
                  KitexServer.builder()
                      .service(TextProcessor.hello("t"))
                      .listen(server.address())
                      .start())
          .withMessageContaining("cannot listen on")
          .withMessageContaining(Integer.toString(server.port()));
    }
  }

  @Test
  void servicesAndAnAddressAreNeeded() {
    assertThatIllegalStateException()
        .isThrownBy(() -> LoopbackServer.builder().start())
        .withMessageContaining("service: none");
    assertThatIllegalStateException()
        .isThrownBy(() -> KitexServer.builder().service(TextProcessor.hello("s")).start())
        .withMessageContaining("listen: not set");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoopbackServer.start(TextProcessor.hello("s"), TextProcessor.hello("t")))
        .withMessageContaining("service: Hello twice");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> KitexServer.builder().listen(InetSocketAddress.createUnresolved("nowhere", 1)))
        .withMessageContaining("listen: ");
  }

  @Test
  void handlersRunOnTheUsersExecutor() {
    var name = new AtomicReference<String>();
    Executor executor = task -> new Thread(task, "mine").start();
    var service =
        TextProcessor.hello(
            (method, text) -> {
              name.set(Thread.currentThread().getName());
              return Optional.of(text);
            });
    try (var server = LoopbackServer.start(LoopbackServer.builder().executor(executor), service);
        var client = RawConnection.to(server)) {
      client.call(REQUEST);

      assertThat(name).hasValue("mine");
    }
  }

  @Test
  void aCallThatTheExecutorRefusesIsAnsweredAndTheConnectionStays() {
    var busy = new AtomicBoolean(true);
    Executor executor =
        task -> {
          if (busy.get()) {
            throw new RejectedExecutionException("full");
          }
          new Thread(task).start();
        };
    try (var log = LogLines.capture();
        var server =
            LoopbackServer.start(
                LoopbackServer.builder().executor(executor), TextProcessor.hello("s"));
        var client = RawConnection.to(server)) {
      ApplicationError error = ApplicationError.of(client.call(REQUEST));
      busy.set(false);

      assertThat(error)
          .isEqualTo(
              new ApplicationError(
                  ApplicationError.INTERNAL_ERROR,
                  "server overloaded: its executor refused the call"));
      assertThat(Requests.text(client.call(REQUEST))).isEqualTo("s|hi");
      assertThat(log.containing("refused by the executor")).hasSizeLessThanOrEqualTo(1);
    }
  }

  /** Even an executor that is none works, as long as handlers do not block. */
  @Test
  void handlersMayRunOnTheIoThread() {
    try (var server =
            LoopbackServer.start(
                LoopbackServer.builder().executor(Runnable::run), TextProcessor.hello("s"));
        var client = RawConnection.to(server)) {
      for (int i = 1; i <= 100; i++) {
        client.send(Requests.echo(Framing.FRAMED, i, "hi"));
      }
      for (int i = 1; i <= 100; i++) {
        assertThat(client.receive().sequence()).isEqualTo(i);
      }
    }
  }

  /** The default executor: a thread for each call that blocks, up to 200; the others wait. */
  @Test
  void handlersThatBlockHoldUpOthersOnlyWhereThereAreTooMany() {
    var running = new AtomicInteger();
    var release = new CountDownLatch(1);
    var service =
        TextProcessor.hello(
            (method, text) -> {
              running.incrementAndGet();
              awaitUninterruptibly(release);
              return Optional.of(text);
            });
    List<RawConnection> clients = new ArrayList<>();
    try (var server = LoopbackServer.start(service)) {
      for (int i = 0; i < 220; i++) {
        clients.add(RawConnection.to(server).send(REQUEST));
      }
      await().during(Duration.ofMillis(200)).until(() -> running.get() == 200);
      release.countDown();

      clients.forEach(client -> assertThat(Requests.text(client.receive())).isEqualTo("hi"));
      assertThat(running).hasValue(220);
    } finally {
      clients.forEach(RawConnection::close);
    }
  }

  @Test
  void connectionsNeedNoThreads() {
    List<RawConnection> clients = new ArrayList<>();
    try (var server =
        LoopbackServer.start(
            LoopbackServer.builder().executor(Runnable::run), TextProcessor.hello("s"))) {
      for (int i = 0; i < 300; i++) {
        var client = RawConnection.to(server);
        clients.add(client);
        client.call(REQUEST);
      }

      // those of a server that was just closed may still end
      await().until(() -> ioThreads() <= Runtime.getRuntime().availableProcessors());
    } finally {
      clients.forEach(RawConnection::close);
    }
  }

  private static long ioThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("registry-etcd-kitex-io"))
        .count();
  }
}
