package io.registryetcd.kitex;

import io.netty.channel.embedded.EmbeddedChannel;
import io.registryetcd.kitex.wire.MessageDecoder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/** A connection to a server without a socket, on the thread and the clock of the test. */
final class EmbeddedConnection {

  private EmbeddedConnection() {}

  static EmbeddedChannel to(KitexService service, Executor executor) {
    var channel = new EmbeddedChannel();
    channel.freezeTime();
    channel
        .pipeline()
        .addLast(
            new ServerConnections(
                new ServerSettings(
                    new Router(List.of(service)),
                    executor,
                    MessageDecoder.DEFAULT_MAX_FRAME_BYTES,
                    1,
                    Duration.ofMinutes(3),
                    Duration.ofSeconds(5),
                    Optional.empty())));
    return channel;
  }
}
