package io.registryetcd.testkit;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Decides about each HTTP/2 frame before a {@link FaultProxy} forwards it. */
@FunctionalInterface
interface FrameRule {
  Verdict judge(FaultProxy.Direction direction, Http2Frame frame);

  static FrameRule cut(
      FaultProxy.Direction where, Predicate<Http2Frame> predicate, Verdict verdict) {
    return (direction, frame) ->
        direction == where && predicate.test(frame) ? verdict : Verdict.PASS;
  }

  static FrameRule observe(FaultProxy.Direction where, Consumer<Http2Frame> observer) {
    return (direction, frame) -> {
      if (direction == where) {
        observer.accept(frame);
      }
      return Verdict.PASS;
    };
  }

  /** Remembers the streams of matching requests and cuts before the first answer on one. */
  static FrameRule cutReply(Predicate<Http2Frame> request) {
    Set<Stream> awaited = ConcurrentHashMap.newKeySet();
    return (direction, frame) -> {
      Stream stream = new Stream(frame.connection(), frame.stream());
      if (direction == FaultProxy.Direction.TO_TARGET) {
        if (frame.isData() && request.test(frame)) {
          awaited.add(stream);
        }
        return Verdict.PASS;
      }
      boolean answer = frame.type() == Http2Frame.DATA || frame.type() == Http2Frame.HEADERS;
      return answer && awaited.contains(stream) ? Verdict.CUT_BEFORE : Verdict.PASS;
    };
  }

  /** What to do with a frame. */
  enum Verdict {
    PASS,
    CUT_BEFORE,
    CUT_AFTER
  }

  /** A stream of one of the connections. */
  record Stream(int connection, int id) {}
}
