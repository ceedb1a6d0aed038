package io.registryetcd.kitex;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/** Logs a failure that may repeat often: a warning the first time, for debugging from then on. */
final class WarnOnce {

  private final Logger logger;
  private final AtomicBoolean warned = new AtomicBoolean();

  WarnOnce(Logger logger) {
    this.logger = logger;
  }

  void log(String format, Object... arguments) {
    Level level = warned.compareAndSet(false, true) ? Level.WARN : Level.DEBUG;
    logger.atLevel(level).log(format, arguments);
  }
}
