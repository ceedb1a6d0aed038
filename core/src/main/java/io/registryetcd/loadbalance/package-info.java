/**
 * Choosing an instance for a call.
 *
 * <p>Start at {@link io.registryetcd.loadbalance.LoadBalancer}.
 */
@NullMarked
package io.registryetcd.loadbalance;

import org.jspecify.annotations.NullMarked;
