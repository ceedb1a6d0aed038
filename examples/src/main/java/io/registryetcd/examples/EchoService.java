package io.registryetcd.examples;

import io.grpc.stub.StreamObserver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.examples.pbapi.Response;

/** The hello service in protobuf. */
final class EchoService extends EchoGrpc.EchoImplBase {

  private final Answers answers;

  EchoService(String id) {
    this(new Answers(id));
  }

  EchoService(Answers answers) {
    this.answers = answers;
  }

  @Override
  public void echo(Request request, StreamObserver<Response> observer) {
    String answer = answers.echo(request.getMessage(), CallFacts::ofThisCall);
    observer.onNext(Response.newBuilder().setMessage(answer).build());
    observer.onCompleted();
  }
}
