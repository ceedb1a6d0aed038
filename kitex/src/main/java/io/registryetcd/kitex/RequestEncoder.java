package io.registryetcd.kitex;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.Message.Protocol;
import io.registryetcd.kitex.wire.MessageEncoder;
import io.registryetcd.kitex.wire.TTHeader;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Writes the requests of one client, with what their TTHeader says: the same as Kitex's client with
 * its meta handlers.
 *
 * @param service the name in the registry
 * @param framing empty for the default of the protocol
 * @param idlService the service's name in the IDL, if not that of the generated code
 * @param callerName who calls, if known
 * @param connectTimeout told to the server
 */
record RequestEncoder(
    String service,
    Optional<Framing> framing,
    Optional<String> idlService,
    Optional<String> callerName,
    Duration connectTimeout) {

  /**
   * The bytes of a request.
   *
   * @throws IllegalArgumentException if the metadata does not fit into a TTHeader
   */
  ByteBuf encode(Request request) {
    Framing chosen = framing(request.protocol());
    var message =
        new Message(
            chosen,
            request.protocol(),
            chosen.hasHeader() ? header(request, chosen) : TTHeader.EMPTY,
            request.type(),
            request.method(),
            request.sequence(),
            request.payload());
    ByteBuf bytes = Unpooled.buffer(request.payload().length + 512);
    MessageEncoder.encode(message, bytes);
    return bytes;
  }

  Framing framing(Protocol protocol) {
    return framing.orElse(protocol == Protocol.THRIFT ? Framing.FRAMED : Framing.TTHEADER_FRAMED);
  }

  private TTHeader header(Request request, Framing chosen) {
    Map<Integer, String> ints = new TreeMap<>();
    ints.put(TTHeader.TRANSPORT_TYPE, chosen == Framing.TTHEADER ? "unframed" : "framed");
    ints.put(TTHeader.TO_SERVICE, service);
    ints.put(TTHeader.TO_METHOD, request.method());
    ints.put(TTHeader.MESSAGE_TYPE, Integer.toString(request.type().number()));
    ints.put(TTHeader.CONNECT_TIMEOUT_MILLIS, Long.toString(connectTimeout.toMillis()));
    if (!request.timeout().isZero()) {
      ints.put(
          TTHeader.RPC_TIMEOUT_MILLIS, Long.toString(Math.max(1, request.timeout().toMillis())));
    }
    callerName.ifPresent(name -> ints.put(TTHeader.FROM_SERVICE, name));
    request.metadata().fromMethod().ifPresent(name -> ints.put(TTHeader.FROM_METHOD, name));
    request.metadata().logId().ifPresent(id -> ints.put(TTHeader.LOG_ID, id));
    return new TTHeader(0, request.sequence(), ints, strings(request));
  }

  private Map<String, String> strings(Request request) {
    Map<String, String> strings = new TreeMap<>();
    String idl = idlService.orElse(request.idlService());
    if (!idl.isEmpty()) {
      strings.put(TTHeader.IDL_SERVICE, idl);
    }
    CallMetadata metadata = request.metadata();
    metadata.transit().forEach((key, value) -> strings.put(TTHeader.TRANSIT_PREFIX + key, value));
    metadata.persist().forEach((key, value) -> strings.put(TTHeader.PERSIST_PREFIX + key, value));
    return strings;
  }
}
