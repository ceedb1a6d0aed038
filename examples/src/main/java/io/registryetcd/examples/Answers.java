package io.registryetcd.examples;

import io.registryetcd.kitex.BizStatusException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * What a hello server answers: {@code <id>|<message>}. A few messages ask for something special,
 * which the tests against Go need.
 */
final class Answers {

  private static final String SLEEP = "sleep:";

  private final String id;
  private final AtomicInteger fired = new AtomicInteger();

  Answers(String id) {
    this.id = id;
  }

  /**
   * The answer to a message.
   *
   * @param metadata what came with the call
   */
  String echo(String message, Supplier<String> metadata) {
    if (message.startsWith(SLEEP)) {
      sleep(Long.parseLong(message.substring(SLEEP.length())));
    }
    return switch (message) {
      case "boom" -> throw new IllegalStateException("boom");
      case "biz" -> throw bizStatus();
      case "fired" -> id + "|" + fired.get();
      case "meta" -> id + "|" + metadata.get();
      default -> id + "|" + message;
    };
  }

  static BizStatusException bizStatus() {
    return new BizStatusException(1001, "biz", Map.of("k", "v"));
  }

  void fire() {
    fired.incrementAndGet();
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
