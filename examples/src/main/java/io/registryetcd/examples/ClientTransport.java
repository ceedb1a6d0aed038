package io.registryetcd.examples;

import io.registryetcd.EtcdResolver;
import io.registryetcd.kitex.Framing;
import java.util.Locale;
import java.util.function.BiFunction;

/** How a hello client calls. A new transport is added here. */
enum ClientTransport {
  GRPC(GrpcHelloClient::new),
  BUFFERED(thrift(Framing.BUFFERED)),
  FRAMED(thrift(Framing.FRAMED)),
  TTHEADER(thrift(Framing.TTHEADER)),
  TTHEADERFRAMED(thrift(Framing.TTHEADER_FRAMED)),
  KITEXPB(KitexProtobufHelloClient::new);

  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  private final BiFunction<String, EtcdResolver, HelloClient> opener;

  ClientTransport(BiFunction<String, EtcdResolver, HelloClient> opener) {
    this.opener = opener;
  }

  private static BiFunction<String, EtcdResolver, HelloClient> thrift(Framing framing) {
    return (service, resolver) -> new ThriftHelloClient(service, resolver, framing);
  }

  /** A client that is told by the resolver whom to call. */
  HelloClient open(String service, EtcdResolver resolver) {
    return opener.apply(service, resolver);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
