package io.registryetcd.kitex;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.examples.pbapi.Request;
import io.registryetcd.examples.pbapi.Response;
import java.util.Map;

/**
 * Answers {@code <id>|<message>}, or fails: "boom" with a status, "biz" with a status of its own.
 */
final class EchoHandler extends EchoGrpc.EchoImplBase {

  private final String id;

  EchoHandler(String id) {
    this.id = id;
  }

  @Override
  public void echo(Request request, StreamObserver<Response> observer) {
    switch (request.getMessage()) {
      case "boom" -> observer.onError(Status.INTERNAL.withDescription("boom").asRuntimeException());
      case "biz" -> observer.onError(new BizStatusException(1001, "biz", Map.of("k", "v")));
      default -> {
        if (request.getMessage().equals("back")) {
          IncomingCall.current().replyMetadata("BK", "bv");
        }
        observer.onNext(Response.newBuilder().setMessage(id + "|" + request.getMessage()).build());
        observer.onCompleted();
      }
    }
  }
}
