package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Calls without a pause, by some threads, until closed. */
final class Load implements AutoCloseable {

  final AtomicInteger calls = new AtomicInteger();
  final AtomicReference<StatusRuntimeException> failure = new AtomicReference<>();
  private final Set<String> servers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final List<CompletableFuture<Void>> threads = new ArrayList<>();

  Load(ManagedChannel channel, int threadCount) {
    assertThat(Text.callWhenReady(channel)).isNotEmpty();
    for (int i = 0; i < threadCount; i++) {
      threads.add(CompletableFuture.runAsync(() -> run(channel), task -> new Thread(task).start()));
    }
  }

  Set<String> servers() {
    return servers;
  }

  private void run(ManagedChannel channel) {
    while (!stop.get()) {
      try {
        servers.add(Text.call(channel));
        calls.incrementAndGet();
      } catch (StatusRuntimeException e) {
        failure.compareAndSet(null, e);
      }
    }
  }

  @Override
  public void close() {
    stop.set(true);
    threads.forEach(CompletableFuture::join);
  }
}
