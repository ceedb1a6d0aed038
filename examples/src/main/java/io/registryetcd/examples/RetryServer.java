package io.registryetcd.examples;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.GracefulShutdown;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import io.registryetcd.RetryConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A server with its own retry settings. */
@Command(name = "retry-server", description = "A server with retry settings.")
final class RetryServer implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Override
  public Integer call() throws IOException, InterruptedException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new EchoService("retry-server"))
            .build()
            .start();

    RetryConfig retry =
        RetryConfig.DEFAULT
            .withMaxAttemptTimes(10) // refusals in a row; 0 is without end
            .withObserveDelay(Duration.ofSeconds(20)) // how often the own key is checked
            .withRetryDelay(Duration.ofSeconds(5)); // the pause after a refusal
    EtcdRegistry registry =
        EtcdRegistry.create(EtcdConfig.builder().endpoints(etcd).retry(retry).build());
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
