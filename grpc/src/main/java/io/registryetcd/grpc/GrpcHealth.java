package io.registryetcd.grpc;

import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The health service of grpc-services. Loaded only when that is there, or the user hands in one of
 * its objects.
 */
final class GrpcHealth implements ServingStatus {

  private static final String MANAGER = "io.grpc.protobuf.services.HealthStatusManager";

  private final HealthStatusManager manager;
  private final AtomicBoolean terminal = new AtomicBoolean();

  GrpcHealth(HealthStatusManager manager) {
    this.manager = manager;
  }

  static boolean isAvailable() {
    try {
      Class.forName(MANAGER, false, Server.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /** Adds a health service that says SERVING for the server as a whole, which is the name "". */
  static GrpcHealth addedTo(ServerBuilder<?> server) {
    var manager = new HealthStatusManager();
    server.addService(manager.getHealthService());
    return new GrpcHealth(manager);
  }

  @Override
  public void notServing() {
    if (terminal.compareAndSet(false, true)) {
      manager.enterTerminalState();
    }
  }
}
