/** Tests of the examples, as processes of their own against a real etcd. */
@NullMarked
package io.registryetcd.examples;

import org.jspecify.annotations.NullMarked;
