package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.server.RegisteredServer;
import io.registryetcd.testkit.EtcdExtension;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What health checks see of a registered server; needs grpc-services. */
class HealthTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private final TextServer text = TextServer.notStarted("a", InsecureServerCredentials.create());

  @Test
  void aBuiltServerHasAHealthServiceThatTurnsBeforeTheServerStops() throws IOException {
    try (EtcdRegistry registry = EtcdRegistry.create(ETCD.endpoint());
        RegisteredServer<Server> server =
            EtcdGrpc.registration(registry)
                .service("Hello")
                .advertise("127.0.0.1")
                .drainDelay(Duration.ofSeconds(1))
                .start(text.builder(InsecureServerCredentials.create()))) {
      assertStatusTurns(server);
    }
  }

  @Test
  void aHealthServiceOfTheUsersOwnIsTurned() throws IOException {
    var health = new HealthStatusManager();
    health.setStatus("slow", ServingStatus.NOT_SERVING);
    try (EtcdRegistry registry = EtcdRegistry.create(ETCD.endpoint());
        RegisteredServer<Server> server =
            EtcdGrpc.registration(registry)
                .service("Hello")
                .advertise("127.0.0.1")
                .health(health)
                .drainDelay(Duration.ofSeconds(1))
                .start(
                    text.builder(InsecureServerCredentials.create())
                        .addService(health.getHealthService())
                        .build())) {
      assertStatusTurns(server);
    }
  }

  private static void assertStatusTurns(RegisteredServer<Server> server) {
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + server.server().getPort(), InsecureChannelCredentials.create())
            .build();
    try {
      var watch =
          HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
      assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);

      var shutdown = CompletableFuture.runAsync(server::shutdown);

      assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
      Text.close(channel);
      await().until(() -> server.server().isTerminated());
      shutdown.join();
    } finally {
      Text.close(channel);
    }
  }
}
