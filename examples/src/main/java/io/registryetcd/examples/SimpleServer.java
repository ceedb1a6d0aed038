package io.registryetcd.examples;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.GracefulShutdown;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A server with all defaults. */
@Command(name = "simple-server", description = "A server with all defaults.")
final class SimpleServer implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Override
  public Integer call() throws IOException, InterruptedException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new EchoService("simple-server"))
            .build()
            .start();

    EtcdRegistry registry = EtcdRegistry.create(etcd);
    Registration hello =
        registry.register(
            "Hello",
            Instance.of("127.0.0.1", server.getPort()).withWeight(10).withTag("zone", "a"));
    GracefulShutdown.of(hello)
        .then(server::shutdown)
        .then(() -> server.awaitTermination(5, TimeUnit.SECONDS))
        .installHook();

    hello.await(Duration.ofSeconds(10));
    System.out.println("READY " + hello.instance().address());
    server.awaitTermination();
    return 0;
  }
}
