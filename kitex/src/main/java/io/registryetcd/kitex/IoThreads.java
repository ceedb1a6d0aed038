package io.registryetcd.kitex;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The threads that read and write for all servers and clients of the JVM: one for each processor,
 * as long as somebody uses them. No user code runs on them.
 */
final class IoThreads {

  private static @Nullable EventLoopGroup group;
  private static int users;

  private IoThreads() {}

  /** To be given back by {@link #release}. */
  static synchronized EventLoopGroup acquire() {
    EventLoopGroup threads = group;
    if (threads == null) {
      threads =
          new MultiThreadIoEventLoopGroup(
              Runtime.getRuntime().availableProcessors(),
              new DefaultThreadFactory("registry-etcd-kitex-io", true),
              NioIoHandler.newFactory());
      group = threads;
    }
    users++;
    return threads;
  }

  static synchronized void release() {
    EventLoopGroup threads = group;
    if (--users == 0 && threads != null) {
      threads.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      group = null;
    }
  }
}
