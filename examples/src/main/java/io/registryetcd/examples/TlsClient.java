package io.registryetcd.examples;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdResolver;
import io.registryetcd.TlsConfig;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.grpc.EtcdGrpc;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A client that talks to etcd by TLS, with a client certificate. */
@Command(name = "tls-client", description = "Calls the service once; talks to etcd by TLS.")
final class TlsClient implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Option(names = "--ca", required = true)
  private Path ca = Path.of("");

  @Option(names = "--cert", required = true)
  private Path certificate = Path.of("");

  @Option(names = "--key", required = true)
  private Path key = Path.of("");

  @Override
  public Integer call() {
    TlsConfig tls = TlsConfig.trusting(ca).withClientCertificate(certificate, key);
    EtcdConfig config = EtcdConfig.builder().endpoints(etcd).tls(tls).build();
    try (EtcdResolver resolver = EtcdResolver.create(config)) {
      ManagedChannel channel =
          Grpc.newChannelBuilder("etcd:///Hello", InsecureChannelCredentials.create())
              .setNameResolverArg(EtcdGrpc.RESOLVER, resolver)
              .build();
      Request request = Request.newBuilder().setMessage("hello").build();
      System.out.println(EchoGrpc.newBlockingStub(channel).echo(request).getMessage());
      channel.shutdownNow();
      return 0;
    }
  }
}
