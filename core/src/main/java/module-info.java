/** Registry and resolver on etcd v3. Start at {@link io.registryetcd}. */
module io.registryetcd.core {
  requires com.google.common;
  requires com.google.common.util.concurrent.internal;
  requires com.google.gson;
  requires com.google.protobuf;
  requires io.grpc;
  requires io.grpc.protobuf;
  requires io.grpc.stub;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports io.registryetcd;
  exports io.registryetcd.layout;
  exports io.registryetcd.loadbalance;
  exports io.registryetcd.server;

  opens io.registryetcd.etcd.rpc to
      com.google.protobuf;
}
