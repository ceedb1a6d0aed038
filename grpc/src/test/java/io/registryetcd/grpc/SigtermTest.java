package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.server.RegisteredServer;
import io.registryetcd.testkit.EtcdExtension;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server process that is told to end while it is called. */
class SigtermTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  /** The server process: its arguments are etcd's endpoint and the server's name. */
  static final class Main {

    /** Printed once SIGTERM leads to a shutdown in order. */
    private static final String PREPARED = "prepared for SIGTERM";

    public static void main(String[] args) throws Exception {
      EtcdRegistry registry = EtcdRegistry.create(args[0]);
      TextServer text = TextServer.notStarted(args[1], InsecureServerCredentials.create());
      RegisteredServer<Server> server =
          EtcdGrpc.registration(registry)
              .service("Hello")
              .advertise("127.0.0.1")
              .drainDelay(Duration.ofSeconds(1))
              .start(text.builder(InsecureServerCredentials.create()))
              .shutdownOnExit();
      System.out.println(PREPARED);
      server.awaitTermination();
    }
  }

  @Test
  void noCallFailsAndNoKeyStays() throws Exception {
    Process a = start("a");
    Process b = start("b");
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "etcd://" + ETCD.endpoint() + "/Hello", InsecureChannelCredentials.create())
            .build();
    try (var load = new Load(channel, 4)) {
      await().atMost(Duration.ofSeconds(30)).until(() -> load.servers().size() == 2);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> Files.readString(output("a")).contains(Main.PREPARED));

      a.destroy();

      assertThat(a.waitFor(20, TimeUnit.SECONDS)).isTrue();
      int before = load.calls.get();
      await().until(() -> load.calls.get() > before + 200);
      assertThat(load.failure.get()).isNull();
      assertThat(ETCD.etcd().etcdctl("get", "--prefix", "--keys-only", "kitex/").trim().lines())
          .hasSize(1);
    } finally {
      Text.close(channel);
      a.destroyForcibly();
      b.destroyForcibly();
    }
  }

  private static Process start(String name) throws IOException {
    String classPath =
        Stream.of("jdk.module.path", "java.class.path")
            .flatMap(property -> Optional.ofNullable(System.getProperty(property)).stream())
            .collect(Collectors.joining(File.pathSeparator));
    String testClasses =
        Path.of(SigtermTest.class.getProtectionDomain().getCodeSource().getLocation().getPath())
            .resolveSibling("test-classes")
            .toString();
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            testClasses + File.pathSeparator + classPath,
            Main.class.getName(),
            ETCD.endpoint(),
            name)
        .redirectErrorStream(true)
        .redirectOutput(output(name).toFile())
        .start();
  }

  private static Path output(String name) {
    return Path.of("target", "sigterm-" + name + ".log");
  }
}
