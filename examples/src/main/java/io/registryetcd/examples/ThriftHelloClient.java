package io.registryetcd.examples;

import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Request;
import io.registryetcd.kitex.Framing;
import io.registryetcd.kitex.KitexClient;
import io.registryetcd.kitex.KitexThriftClient;
import java.time.Duration;
import org.apache.thrift.TException;

/** Calls hello servers by Thrift. */
final class ThriftHelloClient implements HelloClient {

  /** A server that has just been started, on a small machine, may take its time. */
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private final KitexClient client;
  private final KitexThriftClient<Hello.Client> hello;

  ThriftHelloClient(String service, EtcdResolver resolver, Framing framing) {
    client =
        KitexClient.builder(resolver, service)
            .framing(framing)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    hello = KitexThriftClient.of(client, new Hello.Client.Factory());
  }

  @Override
  public String call(String message, Duration timeout) {
    try {
      return hello
          .withCallTimeout(timeout)
          .call(client -> client.echo(new Request().setMessage(message)))
          .getMessage();
    } catch (TException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
