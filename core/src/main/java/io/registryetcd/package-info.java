/**
 * Service registration and discovery on etcd v3.
 *
 * <p>Start here: a server calls {@link io.registryetcd.EtcdRegistry#register}, a client {@link
 * io.registryetcd.EtcdResolver#resolve} or {@link io.registryetcd.EtcdResolver#view}. {@link
 * io.registryetcd.EtcdConfig} holds every option, {@link io.registryetcd.EtcdSession} lets a
 * registry and a resolver share one connection, {@link io.registryetcd.GracefulShutdown} takes a
 * server out of service without a failed call. {@link io.registryetcd.loadbalance} chooses among
 * instances.
 *
 * <p>Inside, four kinds of state machine decide everything and do nothing: {@code SessionMachine}
 * (is this still the etcd that we know?), {@code LeaseMachine} (does this lease live?), {@code
 * RegistrationMachine} (is our key as it should be?) and {@code ViewMachine} (what does etcd hold
 * under a service's range?). None has a clock, a thread or I/O. {@code EtcdSession} and its helpers
 * drive them: they feed them what the client reports, on one serial loop, and carry out what they
 * ask for.
 */
@NullMarked
package io.registryetcd;

import org.jspecify.annotations.NullMarked;
