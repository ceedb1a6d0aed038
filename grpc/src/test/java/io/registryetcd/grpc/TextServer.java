package io.registryetcd.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.stub.ServerCalls;
import io.registryetcd.Instance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server on a free loopback port that answers with its name, and counts calls and connections.
 */
final class TextServer implements AutoCloseable {

  final String name;
  final AtomicInteger calls = new AtomicInteger();
  final AtomicInteger connections = new AtomicInteger();

  /** The addresses of this server that were called since this was last cleared. */
  final Set<String> addresses = ConcurrentHashMap.newKeySet();

  final Server server;
  private int port;

  private TextServer(String name, ServerCredentials credentials) {
    this.name = name;
    this.server = builder(credentials).build();
  }

  static TextServer start(String name) {
    return start(name, InsecureServerCredentials.create());
  }

  static TextServer start(String name, ServerCredentials credentials) {
    var text = notStarted(name, credentials);
    try {
      text.server.start();
      text.port = text.server.getPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text;
  }

  static TextServer notStarted(String name, ServerCredentials credentials) {
    return new TextServer(name, credentials);
  }

  /** A builder of such a server, which counts here. */
  ServerBuilder<?> builder(ServerCredentials credentials) {
    return addTo(Grpc.newServerBuilderForPort(0, credentials));
  }

  /** Adds the service, and what counts, to a builder. */
  ServerBuilder<?> addTo(ServerBuilder<?> builder) {
    return builder
        .addService(service())
        .intercept(
            new ServerInterceptor() {
              @Override
              public <A, B> ServerCall.Listener<A> interceptCall(
                  ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
                addresses.add(
                    String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR)));
                return next.startCall(call, headers);
              }
            })
        .addTransportFilter(
            new ServerTransportFilter() {
              @Override
              public Attributes transportReady(Attributes attributes) {
                connections.incrementAndGet();
                return attributes;
              }
            });
  }

  /** The port, also after the server has ended. */
  int port() {
    return port;
  }

  Instance instance() {
    return Instance.of("127.0.0.1", port());
  }

  /** Returns when nobody can connect any more. */
  @Override
  public void close() {
    try {
      if (!server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS)) {
        throw new AssertionError("server does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private ServerServiceDefinition service() {
    return ServerServiceDefinition.builder("test.Text")
        .addMethod(
            Text.ECHO,
            ServerCalls.asyncUnaryCall(
                (request, response) -> {
                  calls.incrementAndGet();
                  response.onNext(name);
                  response.onCompleted();
                }))
        .build();
  }
}
