package io.registryetcd.kitex;

import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.BizStatus;
import io.registryetcd.kitex.wire.Message;

/** Replies to calls that did not end well, as Kitex words them. */
final class Replies {

  private Replies() {}

  /** To what a handler threw. */
  static Message handlerThrew(Message request, Throwable thrown) {
    return thrown instanceof BizStatusException status
        ? BizStatus.reply(request, status)
        : handlerFailed(request, text(thrown));
  }

  static Message handlerFailed(Message request, String text) {
    return ApplicationError.exception(
        request, new ApplicationError(ApplicationError.INTERNAL_ERROR, "biz error: " + text));
  }

  static Message unreadableArguments(Message request, String text) {
    return ApplicationError.exception(
        request, new ApplicationError(ApplicationError.PROTOCOL_ERROR, text));
  }

  static Message overloaded(Message request) {
    return ApplicationError.exception(
        request,
        new ApplicationError(
            ApplicationError.INTERNAL_ERROR, "server overloaded: its executor refused the call"));
  }

  /** Whether the connection is to be closed behind a reply. */
  static boolean isLast(Message reply) {
    return reply.type() == Message.Type.EXCEPTION && ApplicationError.of(reply).closesConnection();
  }

  /** The message of a throwable, or at least what it is. */
  static String text(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null || message.isEmpty() ? thrown.getClass().getName() : message;
  }
}
