package io.registryetcd.etcd;

import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.EtcdClientConfig.Credentials;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Short forms for the tests of the client. */
final class Clients {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);

  /** Not for what is tested, but for whoever is slow: a cold JVM, a login, a list of 12 MiB. */
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(20);

  private Clients() {}

  static GrpcEtcdClient client(String... endpoints) {
    return GrpcEtcdClient.create(config(endpoints));
  }

  static GrpcEtcdClient client(Supplier<Credentials> credentials, String... endpoints) {
    return GrpcEtcdClient.create(config(Optional.of(credentials), Optional.empty(), endpoints));
  }

  static GrpcEtcdClient client(TlsFiles tls, String... endpoints) {
    return GrpcEtcdClient.create(config(Optional.empty(), Optional.of(tls), endpoints));
  }

  static EtcdClientConfig config(String... endpoints) {
    return config(Optional.empty(), Optional.empty(), endpoints);
  }

  static EtcdClientConfig config(
      Optional<Supplier<Credentials>> credentials, Optional<TlsFiles> tls, String... endpoints) {
    return new EtcdClientConfig(
        Stream.of(endpoints).map(Endpoint::parse).toList(),
        credentials,
        tls,
        Optional.empty(),
        CONNECT_TIMEOUT,
        REQUEST_TIMEOUT,
        false);
  }

  /** Other times to wait. */
  static GrpcEtcdClient client(EtcdClientConfig config, Duration connect, Duration request) {
    return GrpcEtcdClient.create(
        new EtcdClientConfig(
            config.endpoints(),
            config.credentials(),
            config.tls(),
            config.authority(),
            connect,
            request,
            config.viaProxy()));
  }

  static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  static RangeRequest key(String key) {
    return RangeRequest.key(bytes(key));
  }

  static Txn put(String key, String value) {
    return put(key, value, 0);
  }

  static Txn put(String key, String value, long lease) {
    return new Txn(List.of(), List.of(new Txn.Put(bytes(key), bytes(value), lease)), List.of());
  }

  static Txn delete(String key) {
    return new Txn(List.of(), List.of(new Txn.Delete(bytes(key))), List.of());
  }

  /** The result, or the failure as it is. */
  static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(60, SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new CompletionException(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("no result", e);
    }
  }

  /** The failure of a call that has to fail. */
  static EtcdException failure(CompletableFuture<?> future) {
    try {
      Object result = get(future);
      throw new AssertionError("expected a failure, but got " + result);
    } catch (EtcdException e) {
      return e;
    }
  }
}
