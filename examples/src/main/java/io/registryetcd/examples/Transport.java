package io.registryetcd.examples;

import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import java.io.IOException;
import java.util.Locale;

/** How hello clients and servers talk to each other. A new one is added here. */
enum Transport {
  GRPC {
    @Override
    HelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException {
      return GrpcHelloServer.start(spec, registry);
    }

    @Override
    HelloClient client(String service, EtcdResolver resolver) {
      return new GrpcHelloClient(service, resolver);
    }
  };

  /** Starts a server and begins to register it. */
  abstract HelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException;

  /** A client that is told by the resolver whom to call. */
  abstract HelloClient client(String service, EtcdResolver resolver);

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
