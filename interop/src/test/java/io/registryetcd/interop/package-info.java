/**
 * Go services on Kitex and Java services on this library find and call each other: the matrix of
 * docs/INTEROP.md, with real processes on both sides and a real etcd.
 */
@NullMarked
package io.registryetcd.interop;

import org.jspecify.annotations.NullMarked;
