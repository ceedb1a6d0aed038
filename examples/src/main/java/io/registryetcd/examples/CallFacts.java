package io.registryetcd.examples;

import io.registryetcd.kitex.IncomingCall;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What came with a call beside its message, as text; and one thing that goes back. */
final class CallFacts {

  private CallFacts() {}

  /** Of the call that this thread handles. */
  static String ofThisCall() {
    Map<String, String> facts = new TreeMap<>();
    if (GrpcCallHeaders.isPresent()) {
      GrpcCallHeaders.addTo(facts);
    } else {
      addTo(facts, IncomingCall.current().replyMetadata("BK", "bv"));
    }
    return facts.entrySet().stream()
        .map(fact -> fact.getKey() + "=" + fact.getValue())
        .collect(Collectors.joining(","));
  }

  private static void addTo(Map<String, String> facts, IncomingCall call) {
    facts.put("caller", call.callerService().orElse(""));
    facts.put("caller-method", call.callerMethod().orElse(""));
    call.persist().forEach((key, value) -> facts.put("persist:" + key, value));
    call.transit().forEach((key, value) -> facts.put("transit:" + key, value));
  }
}
