/**
 * Where instances are kept in etcd and how: keys and values.
 *
 * <p>Start at {@link io.registryetcd.layout.Layout}. This package is the one place that knows the
 * wire format.
 */
@NullMarked
package io.registryetcd.layout;

import org.jspecify.annotations.NullMarked;
