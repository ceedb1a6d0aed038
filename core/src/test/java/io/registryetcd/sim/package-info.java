/**
 * A simulated etcd, its network and its clients in virtual time: the world in which the engine is
 * tested by seeds.
 *
 * <p>Start at {@link io.registryetcd.sim.SimEtcd}, the cluster with its faults, and {@link
 * io.registryetcd.sim.SimEtcdClient}, the client that a simulated process sees. Everything runs on
 * one {@link io.registryetcd.sim.VirtualScheduler} in one thread; every choice comes from one
 * seeded generator, so a seed is a run.
 */
@NullMarked
package io.registryetcd.sim;

import org.jspecify.annotations.NullMarked;
