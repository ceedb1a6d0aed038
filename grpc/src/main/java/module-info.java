/** grpc-java on registry-etcd: name resolver, load balancing, server registration. */
module io.registryetcd.grpc {
  requires com.google.common;
  requires io.grpc.util;
  requires static transitive io.grpc.services;
  requires org.slf4j;
  requires static transitive org.jspecify;
  requires transitive io.grpc;
  requires transitive io.registryetcd.core;

  exports io.registryetcd.grpc;

  provides io.grpc.NameResolverProvider with
      io.registryetcd.grpc.EtcdNameResolverProvider;
  provides io.grpc.LoadBalancerProvider with
      io.registryetcd.grpc.EtcdWeightedRoundRobinProvider,
      io.registryetcd.grpc.EtcdRandomProvider;
}
