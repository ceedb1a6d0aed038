/**
 * grpc-java on registry-etcd: clients find servers by the target {@code etcd:///Hello}, servers
 * register what they listen on.
 *
 * <p>Start at {@link io.registryetcd.grpc.EtcdGrpc}. A client needs none of these classes, only
 * this jar and a target: gRPC finds {@link io.registryetcd.grpc.EtcdNameResolverProvider} by
 * itself. Inside, {@code EtcdTarget} reads the target, {@code EtcdNameResolver} follows a {@link
 * io.registryetcd.ServiceView} and hands its instances to the channel, and {@code
 * InstanceLoadBalancer} keeps a connection to each of them and spreads the calls.
 */
@NullMarked
package io.registryetcd.grpc;

import org.jspecify.annotations.NullMarked;
