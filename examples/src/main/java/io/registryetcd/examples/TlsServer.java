package io.registryetcd.examples;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.GracefulShutdown;
import io.registryetcd.Instance;
import io.registryetcd.Registration;
import io.registryetcd.TlsConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A server that talks to etcd by TLS, with a client certificate. The files may be renewed while it
 * runs.
 */
@Command(
    name = "tls-server",
    description = "A server that talks to etcd by TLS, with a client certificate.")
final class TlsServer implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Option(names = "--ca", required = true)
  private Path ca = Path.of("");

  @Option(names = "--cert", required = true)
  private Path certificate = Path.of("");

  @Option(names = "--key", required = true)
  private Path key = Path.of("");

  @Override
  public Integer call() throws IOException, InterruptedException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new EchoService("tls-server"))
            .build()
            .start();

    TlsConfig tls = TlsConfig.trusting(ca).withClientCertificate(certificate, key);
    EtcdConfig config = EtcdConfig.builder().endpoints(etcd).tls(tls).build();
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
