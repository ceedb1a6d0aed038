package io.registryetcd.examples;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.grpc.EtcdGrpc;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A client with a user and password of etcd. */
@Command(name = "auth-client", description = "Calls the service once, with user and password.")
final class AuthClient implements Callable<Integer> {

  @Option(names = "--etcd", required = true, split = ",")
  private String[] etcd = {};

  @Option(names = "--user", required = true)
  private String user = "";

  @Option(names = "--password", required = true)
  private String password = "";

  @Override
  public Integer call() {
    EtcdConfig config = EtcdConfig.builder().endpoints(etcd).user(user, password).build();
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
