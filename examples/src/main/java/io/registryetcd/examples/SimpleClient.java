package io.registryetcd.examples;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.grpc.EtcdGrpc;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A client with all defaults: calls the service once. */
@Command(name = "simple-client", description = "Calls the service once.")
final class SimpleClient implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Override
  public Integer call() {
    try (EtcdResolver resolver = EtcdResolver.create(etcd)) {
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
