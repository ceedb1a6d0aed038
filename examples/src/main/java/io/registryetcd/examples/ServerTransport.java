package io.registryetcd.examples;

import io.registryetcd.EtcdRegistry;
import java.io.IOException;
import java.util.Locale;

/** What a hello server serves. A new transport is added here. */
enum ServerTransport {
  GRPC {
    @Override
    HelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException {
      return GrpcHelloServer.start(spec, registry);
    }
  },
  /** Thrift in all framings, and Kitex-Protobuf, on one port. */
  THRIFT {
    @Override
    HelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException {
      return KitexHelloServer.start(spec, registry);
    }
  };

  /** Starts a server and begins to register it. */
  abstract HelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
