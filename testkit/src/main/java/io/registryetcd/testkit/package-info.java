/**
 * Real etcd processes and network faults for JUnit tests.
 *
 * <p>Start here: {@link io.registryetcd.testkit.TestEtcd} is one etcd, {@link
 * io.registryetcd.testkit.EtcdExtension} gives each test method an empty one, {@link
 * io.registryetcd.testkit.TestEtcdCluster} is a cluster, and {@link
 * io.registryetcd.testkit.FaultProxy} stands between a client and etcd and breaks connections.
 * {@link io.registryetcd.testkit.TestCertificates} makes the files for TLS. {@link
 * io.registryetcd.testkit.EtcdBinary} says where etcd comes from.
 */
@NullMarked
package io.registryetcd.testkit;

import org.jspecify.annotations.NullMarked;
