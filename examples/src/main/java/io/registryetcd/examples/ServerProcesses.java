package io.registryetcd.examples;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Hello servers, each a process of its own. None outlives this JVM. */
final class ServerProcesses implements AutoCloseable {

  private final String etcd;
  private final String service;
  private final int drainSeconds;
  private final List<ServerProcess> all = new CopyOnWriteArrayList<>();

  ServerProcesses(String etcd, String service, int drainSeconds) {
    this.etcd = etcd;
    this.service = service;
    this.drainSeconds = drainSeconds;
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> all.forEach(ServerProcess::kill), "kill-servers"));
  }

  /** Starts a server; it is not ready yet. */
  ServerProcess begin(String id, int weight) throws IOException {
    List<String> flags = new ArrayList<>(List.of("--etcd", etcd, "--service", service));
    flags.addAll(List.of("--listen", "127.0.0.1:0", "--id", id));
    flags.addAll(List.of("--weight", Integer.toString(weight)));
    flags.addAll(List.of("--drain", Integer.toString(drainSeconds)));
    ServerProcess server = ServerProcess.start(id, flags);
    all.add(server);
    return server;
  }

  /** Those that run. */
  List<ServerProcess> all() {
    return all.stream().filter(ServerProcess::isAlive).toList();
  }

  /** Ends all in good order, at the same time. */
  @Override
  public void close() {
    List<ServerProcess> running = all();
    running.forEach(ServerProcess::terminate);
    try {
      for (ServerProcess server : running) {
        server.awaitEnd();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      running.forEach(ServerProcess::kill);
    }
  }
}
