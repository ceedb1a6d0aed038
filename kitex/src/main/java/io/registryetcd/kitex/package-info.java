/**
 * Kitex's protocols in Java, so that services on Kitex in Go and services on the JVM call each
 * other: Thrift in all four framings and Kitex-Protobuf, server and client.
 *
 * <p>Start at {@link io.registryetcd.kitex.KitexServer} to serve, with {@link
 * io.registryetcd.kitex.KitexRegistration} to be found, and at {@link
 * io.registryetcd.kitex.KitexClient} to call, with {@link io.registryetcd.kitex.KitexThriftClient}
 * for what the Thrift compiler generates. {@link io.registryetcd.kitex.CallMetadata} goes with
 * calls. Inside, {@code wire} knows the bytes and nothing else does.
 */
@NullMarked
package io.registryetcd.kitex;

import org.jspecify.annotations.NullMarked;
