package io.registryetcd.kitex.wire;

import io.registryetcd.kitex.Framing;
import java.util.Map;

/**
 * One message, request or reply.
 *
 * @param framing what is around it
 * @param protocol what its payload is
 * @param header its TTHeader; {@link TTHeader#EMPTY} where the framing has none
 * @param type what it is
 * @param method the method's name
 * @param sequence the sequence id inside the payload
 * @param payload not to be changed; for Thrift the whole strict binary message, envelope included;
 *     for protobuf the bytes of the protobuf message alone
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and copied no more than needed
public record Message(
    Framing framing,
    Protocol protocol,
    TTHeader header,
    Type type,
    String method,
    int sequence,
    byte[] payload) {

  /**
   * A Thrift message from its payload, which says type, method and sequence.
   *
   * @throws IllegalArgumentException if the payload does not begin with the envelope of Thrift's
   *     strict binary protocol
   */
  public static Message ofThrift(Framing framing, TTHeader header, byte[] payload) {
    return Envelope.ofThrift(payload).message(framing, header, payload);
  }

  /**
   * The reply to this request, framed as the request is.
   *
   * @param payload as in {@link #payload}; that of Thrift says whether it is a REPLY or an
   *     EXCEPTION
   * @throws IllegalArgumentException as in {@link #ofThrift}
   */
  public Message reply(byte[] payload) {
    return switch (protocol) {
      case THRIFT -> reply(Envelope.ofThrift(payload), payload);
      case PROTOBUF -> reply(new Envelope(protocol, Type.REPLY, method, sequence), payload);
    };
  }

  Message reply(Envelope envelope, byte[] payload) {
    return envelope.message(
        framing, framing.hasHeader() ? TTHeader.ofReply(envelope) : TTHeader.EMPTY, payload);
  }

  /** With some more metadata in the TTHeader; the same message if its framing has none. */
  public Message withStrings(Map<String, String> strings) {
    return framing.hasHeader()
        ? new Message(
            framing, protocol, header.withStrings(strings), type, method, sequence, payload)
        : this;
  }

  /** What a payload is. */
  public enum Protocol {
    THRIFT,
    PROTOBUF
  }

  /** What a message is; the numbers are those of Thrift and of Kitex-Protobuf. */
  public enum Type {
    CALL(1),
    REPLY(2),
    EXCEPTION(3),
    ONEWAY(4);

    private final int number;

    Type(int number) {
      this.number = number;
    }

    public int number() {
      return number;
    }
  }
}
