package io.registryetcd.kitex;

import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Refused;
import io.registryetcd.examples.api.Request;
import io.registryetcd.examples.api.Response;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Answers {@code <id>|<message>}, and fails in every way a handler can. */
final class HelloHandler implements Hello.Iface {

  /** The messages of the oneway calls. */
  final BlockingQueue<String> fired = new LinkedBlockingQueue<>();

  private final String id;

  HelloHandler(String id) {
    this.id = id;
  }

  /** The message "back" is answered with metadata too. */
  @Override
  public Response echo(Request request) {
    if (request.getMessage().equals("back")) {
      IncomingCall.current().replyMetadata("BK", "bv");
    }
    return new Response().setMessage(id + "|" + request.getMessage());
  }

  @Override
  public Response strict(Request request) throws Refused {
    return switch (request.getMessage()) {
      case "refuse" -> throw new Refused().setCode(7).setReason("refused");
      case "boom" -> throw new IllegalStateException("boom");
      case "biz" -> throw new BizStatusException(1001, "biz", Map.of("k", "v"));
      default -> echo(request);
    };
  }

  @Override
  public void fire(Request request) {
    fired.add(request.getMessage());
  }
}
