package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.registryetcd.EtcdResolver;
import io.registryetcd.testkit.EtcdExtension;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a channel is told when its resolver cannot be had at first. */
class EtcdNameResolverTest {

  @RegisterExtension static final EtcdExtension ETCD = EtcdExtension.create();

  private final EtcdResolver resolver = EtcdResolver.create(ETCD.endpoint());
  private final SynchronizationContext context =
      new SynchronizationContext(
          (thread, e) -> {
            throw new AssertionError(e);
          });
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final AtomicInteger leases = new AtomicInteger();

  @AfterEach
  void close() {
    resolver.close();
  }

  @Test
  void aRefreshTriesAgainWhatFailedAtTheStart() {
    resolver.view("Hello").whenReady().join(); // so that nobody is told that etcd is slow
    AtomicInteger tries = new AtomicInteger();
    NameResolver names =
        names(
            () -> {
              if (tries.incrementAndGet() < 3) {
                throw new IllegalArgumentException("no file yet");
              }
              return lease();
            });

    start(names);
    context.execute(names::refresh);
    assertThat(told)
        .containsExactly("cannot look up Hello: no file yet", "cannot look up Hello: no file yet");

    context.execute(names::refresh);
    await().until(() -> told.size() == 3);
    assertThat(told.get(2)).isEqualTo("[]");

    context.execute(names::refresh);
    assertThat(leases).hasValue(1);
    context.execute(names::shutdown);
    // the thread that told the list may still be in the context, and is then the one to run this
    await().until(() -> leases.get() == 0);
  }

  @Test
  void aFailedTryKeepsNothing() {
    resolver.close();
    NameResolver names = names(this::lease);

    start(names);
    context.execute(names::refresh);

    assertThat(told).hasSize(2).allMatch(text -> text.startsWith("cannot look up Hello: "));
    assertThat(leases).hasValue(0);
  }

  private ResolverSource.Lease lease() {
    leases.incrementAndGet();
    return new ResolverSource.Lease(resolver, leases::decrementAndGet);
  }

  private NameResolver names(ResolverSource source) {
    return new EtcdNameResolver(
        EtcdTarget.parse("etcd:///Hello"), source, Optional.empty(), args());
  }

  private void start(NameResolver names) {
    context.execute(
        () ->
            names.start(
                new NameResolver.Listener2() {
                  @Override
                  public Status onResult2(NameResolver.ResolutionResult result) {
                    var list = result.getAddressesOrError();
                    told.add(
                        list.hasValue()
                            ? list.getValue().toString()
                            : String.valueOf(list.getStatus().getDescription()));
                    return list.getStatus();
                  }

                  @Override
                  public void onResult(NameResolver.ResolutionResult result) {
                    onResult2(result);
                  }

                  @Override
                  public void onError(Status error) {
                    told.add(String.valueOf(error.getDescription()));
                  }
                }));
  }

  private NameResolver.Args args() {
    return NameResolver.Args.newBuilder()
        .setDefaultPort(80)
        .setProxyDetector(target -> null)
        .setSynchronizationContext(context)
        .setServiceConfigParser(
            new NameResolver.ServiceConfigParser() {
              @Override
              public NameResolver.ConfigOrError parseServiceConfig(Map<String, ?> raw) {
                return NameResolver.ConfigOrError.fromConfig(raw);
              }
            })
        .setOffloadExecutor(Runnable::run)
        .build();
  }
}
