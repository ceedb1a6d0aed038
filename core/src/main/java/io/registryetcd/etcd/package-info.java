/**
 * The etcd v3 client of this library: thin, asynchronous, on grpc-java, and not exported.
 *
 * <p>Start at {@link io.registryetcd.etcd.EtcdClient}, the interface that the engine drives and
 * that the simulated etcd of the tests implements too. {@link io.registryetcd.etcd.GrpcEtcdClient}
 * is the real one. What must survive faults (resume revisions, leases, retries) is not here but in
 * the engine's state machines: this package reports, in order and once, what etcd answered and how
 * a stream ended.
 *
 * <p>Nothing here logs a password or a token. gRPC's transport does, if its own loggers are set to
 * {@code DEBUG}: it writes whole frames ({@code NettyClientHandler}).
 */
@NullMarked
package io.registryetcd.etcd;

import org.jspecify.annotations.NullMarked;
