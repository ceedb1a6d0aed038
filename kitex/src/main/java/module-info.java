/**
 * Kitex's protocols on registry-etcd, server and client. Start at {@link io.registryetcd.kitex}.
 */
module io.registryetcd.kitex {
  requires com.google.common;
  requires com.google.gson;
  requires com.google.protobuf;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires org.apache.commons.pool2;
  requires org.slf4j;
  requires static transitive org.apache.thrift;
  requires static transitive org.jspecify;
  requires transitive io.grpc;
  requires transitive io.registryetcd.core;

  exports io.registryetcd.kitex;
}
