/**
 * How a server is registered, and taken out of service without a failed call: what the adapters for
 * kinds of servers have in common.
 *
 * <p>Start at {@link io.registryetcd.server.ServerRegistration}, the base of the adapters for gRPC
 * and Kitex. An adapter for another kind extends it with the ways to start such a server, and
 * implements {@link io.registryetcd.server.ServerControl}. A program that has one such server needs
 * no adapter: {@link io.registryetcd.EtcdRegistry#register} and {@link
 * io.registryetcd.GracefulShutdown} do. This package uses only what they offer to everybody.
 */
@NullMarked
package io.registryetcd.server;

import org.jspecify.annotations.NullMarked;
