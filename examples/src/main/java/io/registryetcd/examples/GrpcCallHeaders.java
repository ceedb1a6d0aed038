package io.registryetcd.examples;

import com.google.gson.Gson;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.registryetcd.kitex.BizStatusException;
import java.util.Map;

/**
 * What Kitex puts into the metadata of gRPC: the caller's name, persist and transit values, and on
 * the way back a status of the application.
 */
final class GrpcCallHeaders implements ServerInterceptor {

  private static final Context.Key<Metadata> HEADERS = Context.key("headers");

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    ServerCall<Q, R> answering =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            trailers.put(key("bk"), "bv");
            super.close(status, trailers);
          }
        };
    return new BizStatusListener<>(
        Contexts.interceptCall(
            Context.current().withValue(HEADERS, headers), answering, headers, next),
        call);
  }

  /** Whether the call that this thread handles came by gRPC. */
  static boolean isPresent() {
    return HEADERS.get() != null;
  }

  static void addTo(Map<String, String> facts) {
    Metadata headers = HEADERS.get();
    facts.put("caller", text(headers, "source-service"));
    facts.put("caller-method", text(headers, "source-method"));
    for (String name : headers.keys()) {
      if (name.startsWith("rpc-persist-")) {
        facts.put("persist:" + name.substring("rpc-persist-".length()), text(headers, name));
      } else if (name.startsWith("rpc-transit-")) {
        facts.put("transit:" + name.substring("rpc-transit-".length()), text(headers, name));
      }
    }
  }

  private static String text(Metadata headers, String name) {
    String value = headers.get(key(name));
    return value == null ? "" : value;
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /** Closes a call whose handler has thrown a status of the application as Kitex does it. */
  private static final class BizStatusListener<Q> extends SimpleForwardingServerCallListener<Q> {

    private final ServerCall<Q, ?> call;

    BizStatusListener(ServerCall.Listener<Q> listener, ServerCall<Q, ?> call) {
      super(listener);
      this.call = call;
    }

    @Override
    public void onHalfClose() {
      try {
        super.onHalfClose();
      } catch (BizStatusException e) {
        Metadata trailers = new Metadata();
        trailers.put(key("biz-status"), Integer.toString(e.status()));
        trailers.put(key("biz-extra"), new Gson().toJson(e.extra()));
        call.close(Status.INTERNAL.withDescription(e.getMessage()), trailers);
      }
    }
  }
}
