/**
 * The bytes of Kitex's protocols: detection, TTHeader, MeshHeader, Thrift's strict binary messages
 * as far as their envelope goes, Kitex-Protobuf.
 *
 * <p>{@link io.registryetcd.kitex.wire.MessageDecoder} turns a stream of bytes into {@link
 * io.registryetcd.kitex.wire.Message}s, {@link io.registryetcd.kitex.wire.MessageEncoder} turns
 * messages into bytes. Nothing here knows a service, a thread or a connection.
 */
@NullMarked
package io.registryetcd.kitex.wire;

import org.jspecify.annotations.NullMarked;
