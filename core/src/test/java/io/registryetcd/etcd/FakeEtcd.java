package io.registryetcd.etcd;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.registryetcd.etcd.rpc.AuthGrpc;
import io.registryetcd.etcd.rpc.AuthenticateRequest;
import io.registryetcd.etcd.rpc.AuthenticateResponse;
import io.registryetcd.etcd.rpc.KVGrpc;
import io.registryetcd.etcd.rpc.LeaseGrpc;
import io.registryetcd.etcd.rpc.LeaseKeepAliveRequest;
import io.registryetcd.etcd.rpc.LeaseKeepAliveResponse;
import io.registryetcd.etcd.rpc.MaintenanceGrpc;
import io.registryetcd.etcd.rpc.RangeRequest;
import io.registryetcd.etcd.rpc.RangeResponse;
import io.registryetcd.etcd.rpc.ResponseHeader;
import io.registryetcd.etcd.rpc.StatusRequest;
import io.registryetcd.etcd.rpc.StatusResponse;
import io.registryetcd.etcd.rpc.WatchGrpc;
import io.registryetcd.etcd.rpc.WatchRequest;
import io.registryetcd.etcd.rpc.WatchResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A gRPC server on loopback that answers what a test tells it to: for what a real etcd does rarely,
 * or only in versions that are not at hand.
 */
final class FakeEtcd implements AutoCloseable {

  private static final Context.Key<String> SHOWN = Context.keyWithDefault("token", "");
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

  /** One stream that a client opened. */
  record Stream<Q, R>(BlockingQueue<Q> requests, StreamObserver<R> replies) {
    Q nextRequest() {
      return take(requests);
    }
  }

  final long clusterId;
  final AtomicInteger logins = new AtomicInteger();
  final List<String> tokens = new CopyOnWriteArrayList<>();
  final List<Metadata> headers = new CopyOnWriteArrayList<>();
  volatile Function<RangeRequest, RangeResponse> range;
  volatile Status statusFailure = Status.OK;

  /** From the token of a range to its failure, or OK. */
  volatile Function<String, Status> rangeFailure = token -> Status.OK;

  volatile Function<AuthenticateRequest, String> login = request -> "token-" + logins.get();
  private final BlockingQueue<Stream<WatchRequest, WatchResponse>> watches =
      new LinkedBlockingQueue<>();
  private final BlockingQueue<Stream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>> leases =
      new LinkedBlockingQueue<>();
  private final Server server;
  private final int port;

  private FakeEtcd(long clusterId, int port) {
    this.clusterId = clusterId;
    range = request -> RangeResponse.newBuilder().setHeader(header(1)).build();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .addService(new Kv())
            .addService(new Auth())
            .addService(new Maintenance())
            .addService(new Watch())
            .addService(new Lease())
            .intercept(new Headers())
            .build();
    try {
      server.start();
      this.port = server.getPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static FakeEtcd start(long clusterId) {
    return new FakeEtcd(clusterId, 0);
  }

  static FakeEtcd start(long clusterId, int port) {
    return new FakeEtcd(clusterId, port);
  }

  String endpoint() {
    return "127.0.0.1:" + port;
  }

  int port() {
    return port;
  }

  ResponseHeader header(long revision) {
    return ResponseHeader.newBuilder().setClusterId(clusterId).setRevision(revision).build();
  }

  Stream<WatchRequest, WatchResponse> nextWatchStream() {
    return take(watches);
  }

  Stream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> nextLeaseStream() {
    return take(leases);
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> T take(BlockingQueue<T> queue) {
    try {
      T next = queue.poll(20, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("nothing came");
      }
      return next;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static <Q, R> StreamObserver<Q> accept(
      BlockingQueue<Stream<Q, R>> streams, StreamObserver<R> replies) {
    // or what is sent to a client that has left would be an error
    ((ServerCallStreamObserver<R>) replies).setOnCancelHandler(() -> {});
    BlockingQueue<Q> requests = new LinkedBlockingQueue<>();
    streams.add(new Stream<>(requests, replies));
    return new StreamObserver<>() {
      @Override
      public void onNext(Q request) {
        requests.add(request);
      }

      @Override
      public void onError(Throwable t) {}

      @Override
      public void onCompleted() {}
    };
  }

  private final class Headers implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata metadata, ServerCallHandler<Q, R> next) {
      headers.add(metadata);
      String token = metadata.get(TOKEN);
      String shown = token == null ? "" : token;
      tokens.add(shown);
      return Contexts.interceptCall(
          Context.current().withValue(SHOWN, shown), call, metadata, next);
    }
  }

  private final class Kv extends KVGrpc.KVImplBase {
    @Override
    public void range(RangeRequest request, StreamObserver<RangeResponse> reply) {
      Status failure = rangeFailure.apply(SHOWN.get());
      if (!failure.isOk()) {
        reply.onError(failure.asRuntimeException());
      } else if (!Context.current().isCancelled()) {
        reply.onNext(range.apply(request));
        reply.onCompleted();
      }
    }
  }

  private final class Auth extends AuthGrpc.AuthImplBase {
    @Override
    public void authenticate(
        AuthenticateRequest request, StreamObserver<AuthenticateResponse> reply) {
      logins.incrementAndGet();
      try {
        reply.onNext(
            AuthenticateResponse.newBuilder()
                .setHeader(header(1))
                .setToken(login.apply(request))
                .build());
        reply.onCompleted();
      } catch (RuntimeException e) {
        reply.onError(e);
      }
    }
  }

  private final class Maintenance extends MaintenanceGrpc.MaintenanceImplBase {
    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> reply) {
      Status failure = statusFailure;
      if (!failure.isOk()) {
        reply.onError(failure.asRuntimeException());
        return;
      }
      reply.onNext(StatusResponse.newBuilder().setHeader(header(1)).build());
      reply.onCompleted();
    }
  }

  private final class Watch extends WatchGrpc.WatchImplBase {
    @Override
    public StreamObserver<WatchRequest> watch(StreamObserver<WatchResponse> replies) {
      return accept(watches, replies);
    }
  }

  private final class Lease extends LeaseGrpc.LeaseImplBase {
    @Override
    public StreamObserver<LeaseKeepAliveRequest> leaseKeepAlive(
        StreamObserver<LeaseKeepAliveResponse> replies) {
      return accept(leases, replies);
    }
  }
}
