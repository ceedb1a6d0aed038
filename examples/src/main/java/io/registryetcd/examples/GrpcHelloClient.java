package io.registryetcd.examples;

import io.grpc.Codec;
import io.grpc.ConnectivityState;
import io.grpc.DecompressorRegistry;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.grpc.EtcdGrpc;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

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
  public void connect(Duration timeout) throws InterruptedException {
    var ready = new CountDownLatch(1);
    countDownWhenReady(ready);
    boolean unused = ready.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void countDownWhenReady(CountDownLatch ready) {
    ConnectivityState state = channel.getState(true);
    if (state == ConnectivityState.READY) {
      ready.countDown();
    } else {
      channel.notifyWhenStateChanged(state, () -> countDownWhenReady(ready));
    }
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
