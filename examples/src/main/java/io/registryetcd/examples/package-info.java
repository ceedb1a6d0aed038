/**
 * The hello service, and each option of the registry as a small program of its own.
 *
 * <p>Start at {@code SimpleServer} and {@code SimpleClient}, which are as short as it gets; the
 * other programs of that kind show one option each. {@code HelloServerCommand} and {@code
 * HelloClientCommand} have flags for everything, and {@code Quickstart} lets several of them run
 * through what happens in production. {@code Examples} starts them all by name.
 */
@NullMarked
package io.registryetcd.examples;

import org.jspecify.annotations.NullMarked;
