package io.registryetcd.examples;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.registryetcd.EtcdConfig;
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

/** A server with a user and password of etcd. */
@Command(name = "auth-server", description = "A server with user and password.")
final class AuthServer implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Option(names = "--user", required = true)
  private String user = "";

  @Option(names = "--password", required = true)
  private String password = "";

  @Override
  public Integer call() throws IOException, InterruptedException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new EchoService("auth-server"))
            .build()
            .start();

    EtcdConfig config = EtcdConfig.builder().endpoints(etcd).user(user, password).build();
    EtcdRegistry registry = EtcdRegistry.create(config);
    Registration hello = registry.register("Hello", Instance.of("127.0.0.1", server.getPort()));
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
