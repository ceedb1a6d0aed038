package io.registryetcd.examples;

import io.grpc.stub.StreamObserver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.examples.pbapi.Response;

/** Answers a message with {@code <id>|<message>}. */
final class EchoService extends EchoGrpc.EchoImplBase {

  private final String id;

  EchoService(String id) {
    this.id = id;
  }

  @Override
  public void echo(Request request, StreamObserver<Response> observer) {
    observer.onNext(Response.newBuilder().setMessage(id + "|" + request.getMessage()).build());
    observer.onCompleted();
  }
}
