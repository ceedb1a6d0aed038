package io.registryetcd.kitex;

import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request, until it is answered. */
final class ServerExchange {

  private static final Logger logger = LoggerFactory.getLogger(ServerExchange.class);
  private static final WarnOnce OVERLOAD = new WarnOnce(logger);

  private final Message request;
  private final SocketAddress remoteAddress;
  private final BiConsumer<ServerExchange, Optional<Message>> whenAnswered;
  private final AtomicBoolean answered = new AtomicBoolean();

  /**
   * An exchange.
   *
   * @param whenAnswered is called once, by any thread; without a reply if there is none to send
   */
  ServerExchange(
      Message request,
      SocketAddress remoteAddress,
      BiConsumer<ServerExchange, Optional<Message>> whenAnswered) {
    this.request = request;
    this.remoteAddress = remoteAddress;
    this.whenAnswered = whenAnswered;
  }

  Message request() {
    return request;
  }

  /** Whether no other such exchange may begin before this is answered. */
  boolean isInOrder() {
    return (request.header().flags() & TTHeader.OUT_OF_ORDER) == 0;
  }

  /** Has the request handled by the service it is for, on a thread of the executor. */
  void start(Router router, Executor executor) {
    KitexService service;
    try {
      service = router.route(request);
    } catch (Router.UnknownServiceException e) {
      answer(Optional.of(ApplicationError.exception(request, e.error())));
      return;
    }
    var call = new IncomingCall(service.name(), request, remoteAddress);
    try {
      executor.execute(() -> call.run(() -> handle(service, call)));
    } catch (RuntimeException | Error e) { // no room for it, or no thread
      OVERLOAD.log(
          "call from {} refused by the executor: {}", remoteAddress, LogText.escape(e.toString()));
      boolean oneway = request.type() == Message.Type.ONEWAY;
      answer(oneway ? Optional.empty() : Optional.of(Replies.overloaded(request)));
    }
  }

  private void handle(KitexService service, IncomingCall call) {
    Consumer<Optional<Message>> withMetadata =
        reply -> answer(reply.map(message -> message.withStrings(call.replyMetadata())));
    try {
      service.handle(request, withMetadata);
    } catch (BizStatusException e) {
      withMetadata.accept(Optional.of(Replies.handlerThrew(request, e)));
    } catch (Throwable e) { // whatever a handler throws
      String method = LogText.escape(request.method());
      logger.warn("{}.{} failed, called from {}", service.name(), method, remoteAddress, e);
      withMetadata.accept(Optional.of(Replies.handlerThrew(request, e)));
    }
  }

  private void answer(Optional<Message> reply) {
    if (answered.compareAndSet(false, true)) {
      whenAnswered.accept(this, reply);
    }
  }
}
