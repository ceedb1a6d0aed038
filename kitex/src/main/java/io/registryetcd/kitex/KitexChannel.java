package io.registryetcd.kitex;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;

/** Kitex-Protobuf behind gRPC's API: a call is a {@link UnaryCall}. */
final class KitexChannel extends Channel {

  private final KitexClient client;

  KitexChannel(KitexClient client) {
    this.client = client;
  }

  @Override
  public <Q, P> ClientCall<Q, P> newCall(MethodDescriptor<Q, P> method, CallOptions options) {
    return new UnaryCall<>(client, method, options);
  }

  @Override
  public String authority() {
    return client.service();
  }
}
