package io.registryetcd.examples;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.Registration;
import io.registryetcd.grpc.EtcdGrpc;
import io.registryetcd.grpc.GrpcRegistration;
import io.registryetcd.server.RegisteredServer;
import java.io.IOException;

/** The hello server on gRPC. */
final class GrpcHelloServer implements HelloServer {

  private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

  private final RegisteredServer<Server> server;

  private GrpcHelloServer(RegisteredServer<Server> server) {
    this.server = server;
  }

  static GrpcHelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException {
    GrpcRegistration registration =
        EtcdGrpc.registration(registry)
            .service(spec.service())
            .weight(spec.weight())
            .drainDelay(spec.drainDelay());
    spec.tags().forEach(registration::tag);
    spec.advertise().ifPresent(registration::advertise);
    return new GrpcHelloServer(
        registration.start(
            NettyServerBuilder.forAddress(spec.listen())
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .intercept(new GrpcCallHeaders())
                .addService(new EchoService(spec.id()))));
  }

  @Override
  public Registration registration() {
    return server.registrations().get(0);
  }

  @Override
  public void shutdownOnExit() {
    server.shutdownOnExit();
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }
}
