package io.registryetcd.examples;

import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.kitex.KitexClient;
import java.time.Duration;

/** Calls hello servers by Kitex-Protobuf, with the stubs that gRPC generates. */
final class KitexProtobufHelloClient implements HelloClient {

  private final KitexClient client;
  private final EchoGrpc.EchoBlockingStub stub;

  KitexProtobufHelloClient(String service, EtcdResolver resolver) {
    client =
        KitexClient.builder(resolver, service)
            .connectTimeout(ThriftHelloClient.CONNECT_TIMEOUT)
            .build();
    stub = EchoGrpc.newBlockingStub(client.channel());
  }

  @Override
  public String call(String message, Duration timeout) {
    return stub.withDeadlineAfter(timeout)
        .echo(Request.newBuilder().setMessage(message).build())
        .getMessage();
  }

  @Override
  public void close() {
    client.close();
  }
}
