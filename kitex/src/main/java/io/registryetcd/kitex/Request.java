package io.registryetcd.kitex;

import io.registryetcd.kitex.wire.Message;
import java.time.Duration;

/**
 * What a call asks for, whichever instance will answer it.
 *
 * @param protocol what the payload is
 * @param type a call or a oneway call
 * @param idlService the service's name in the IDL, empty if not known
 * @param method the method's name
 * @param sequence the sequence id, in a Thrift payload too
 * @param payload as in {@link Message}
 * @param timeout for the whole call; zero for none
 * @param metadata what goes with it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and not copied
record Request(
    Message.Protocol protocol,
    Message.Type type,
    String idlService,
    String method,
    int sequence,
    byte[] payload,
    Duration timeout,
    CallMetadata metadata) {

  boolean isOneway() {
    return type == Message.Type.ONEWAY;
  }
}
