package io.registryetcd;

/** A task for the exit of the JVM, which can be taken back. */
final class ShutdownHook {

  private final Thread thread;

  ShutdownHook(String name, Runnable task) {
    thread = new Thread(task, "registry-etcd-shutdown-" + name);
    try {
      Runtime.getRuntime().addShutdownHook(thread);
    } catch (IllegalStateException exiting) {
      // too late for a hook: whoever made this closes it, or the lease ends it
    }
  }

  void remove() {
    try {
      Runtime.getRuntime().removeShutdownHook(thread);
    } catch (IllegalStateException exiting) {
      // the hook runs, or is about to
    }
  }
}
