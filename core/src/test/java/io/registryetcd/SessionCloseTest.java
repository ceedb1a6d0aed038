package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A session is closed while others register and resolve with it. */
class SessionCloseTest {

  private static final int ROUNDS = 100;

  private final EtcdConfig config =
      EtcdConfig.builder().endpoints("etcd:2379").shutdownHook(false).build();

  @Test
  void whatIsBegunMeanwhileIsRefusedOrEndsWithTheSession() {
    for (int round = 0; round < ROUNDS; round++) {
      EtcdSession session =
          EtcdSession.create(
              config,
              new FakeEtcdClient(),
              new ThreadLoop("session-close-test"),
              new FakeRandom(),
              Runnable::run);
      EtcdRegistry registry = EtcdRegistry.create(session);
      EtcdResolver resolver = EtcdResolver.create(session);
      CompletableFuture<Void> closing = CompletableFuture.runAsync(session::close);

      List<Registration> registrations = new ArrayList<>();
      List<ServiceView> views = new ArrayList<>();
      beginUntilRefused(registry, resolver, registrations, views);

      closing.join();
      session.closeAsync().join(); // close() itself waits two seconds at most
      assertThat(registrations).allMatch(r -> r.state() == Registration.State.CLOSED);
      assertThat(views).noneMatch(view -> view.snapshot().isLive());
      assertThat(views).allMatch(view -> view.whenReady().isDone());
      assertThat(registry.registrations()).isEmpty();
      registry.close();
      resolver.close();
    }
  }

  private static void beginUntilRefused(
      EtcdRegistry registry,
      EtcdResolver resolver,
      List<Registration> registrations,
      List<ServiceView> views) {
    try {
      for (int i = 1; ; i++) {
        registrations.add(registry.register("Hello" + i, Instance.of("10.0.0.1", 8000)));
        views.add(resolver.view("Hello" + i));
      }
    } catch (IllegalStateException closed) {
      assertThat(closed).hasMessageStartingWith("session closed, cannot re");
    }
  }
}
