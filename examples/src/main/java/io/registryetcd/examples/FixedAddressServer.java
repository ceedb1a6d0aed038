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

/** A server behind a mapped address, which it is told. */
@Command(
    name = "fixed-address-server",
    description = "A server that registers the address it is told.")
final class FixedAddressServer implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Option(names = "--address", required = true)
  private String address = "";

  @Override
  public Integer call() throws IOException, InterruptedException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new EchoService("fixed-address-server"))
            .build()
            .start();

    EtcdConfig config = EtcdConfig.builder().endpoints(etcd).fixedAddress(address).build();
    EtcdRegistry registry = EtcdRegistry.create(config);
    Registration hello = registry.register("Hello", Instance.of("0.0.0.0", server.getPort()));
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
