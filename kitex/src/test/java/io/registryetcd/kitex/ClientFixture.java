package io.registryetcd.kitex;

import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import io.registryetcd.testkit.EtcdExtension;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Registry, resolver, servers and clients of one test, closed in reverse order. */
final class ClientFixture implements AfterEachCallback {

  final EtcdRegistry registry;
  final EtcdResolver resolver;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  ClientFixture(EtcdExtension etcd) {
    registry = opened(EtcdRegistry.create(etcd.endpoint()));
    resolver =
        opened(
            EtcdResolver.create(
                EtcdConfig.builder()
                    .endpoints(etcd.endpoint())
                    .resolveTimeout(Duration.ofSeconds(20))
                    .build()));
  }

  <T extends AutoCloseable> T opened(T closeable) {
    open.push(closeable);
    return closeable;
  }

  /** A server that is registered as {@code Hello}. */
  FakeKitexServer server(FakeKitexServer.Script script) {
    FakeKitexServer server = opened(FakeKitexServer.start(script));
    register(server.instance());
    return server;
  }

  Registration register(Instance instance) {
    Registration registration = registry.register("Hello", instance);
    registration.await(Duration.ofSeconds(10));
    return registration;
  }

  KitexClient client() {
    return client(builder -> builder);
  }

  KitexClient client(UnaryOperator<KitexClient.Builder> settings) {
    KitexClient.Builder builder =
        KitexClient.builder(resolver, "Hello").connectTimeout(Duration.ofSeconds(20));
    return opened(settings.apply(builder).build());
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
