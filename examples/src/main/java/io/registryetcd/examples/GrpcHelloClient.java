package io.registryetcd.examples;

import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.grpc.EtcdGrpc;
import java.time.Duration;

/** Calls hello servers by gRPC. */
final class GrpcHelloClient implements HelloClient {

  private static final DecompressorRegistry NO_COMPRESSION =
      DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, false);

  private final ManagedChannel channel;
  private final EchoGrpc.EchoBlockingStub stub;

  GrpcHelloClient(String service, EtcdResolver resolver) {
    channel =
        Grpc.newChannelBuilder("etcd:///" + service, InsecureChannelCredentials.create())
            .setNameResolverArg(EtcdGrpc.RESOLVER, resolver)
            // a Kitex server has no gzip, and refuses calls of a client that would take it
            .decompressorRegistry(NO_COMPRESSION)
            .build();
    stub = EchoGrpc.newBlockingStub(channel);
  }

  @Override
  public String call(String message, Duration timeout) {
    return stub.withDeadlineAfter(timeout)
        .echo(Request.newBuilder().setMessage(message).build())
        .getMessage();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
