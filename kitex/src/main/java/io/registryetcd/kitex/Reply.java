package io.registryetcd.kitex;

import io.registryetcd.Instance;
import io.registryetcd.kitex.wire.BizStatus;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What came back: a REPLY or an EXCEPTION.
 *
 * @param instance who answered
 * @param message the answer
 */
record Reply(Instance instance, Message message) {

  private static final Set<String> KITEX_NAMES =
      Set.of(
          TTHeader.IDL_SERVICE,
          TTHeader.CONNECTION_RESET,
          TTHeader.BIZ_STATUS,
          TTHeader.BIZ_MESSAGE,
          TTHeader.BIZ_EXTRA,
          "rip",
          "crc32c");

  /**
   * Hands the reply's metadata to the caller's listener. For the caller's thread.
   *
   * @throws BizStatusException if that is the answer
   */
  void tell(CallMetadata metadata) {
    Map<String, String> values = new TreeMap<>(message.header().strings());
    values.keySet().removeAll(KITEX_NAMES);
    if (!values.isEmpty()) {
      metadata.tellReply(values);
    }
    BizStatus.of(message)
        .ifPresent(
            status -> {
              throw status;
            });
  }
}
