package io.registryetcd.kitex.wire;

import com.google.common.base.Strings;
import com.google.gson.JsonObject;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.registryetcd.kitex.BizStatusException;
import java.io.IOException;
import java.io.StringReader;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The reply with a status of the application: three values in the TTHeader, and an empty result.
 */
public final class BizStatus {

  private BizStatus() {}

  /**
   * The reply with a status. Where the framing has no TTHeader a Kitex server loses the status;
   * here it is an EXCEPTION then.
   */
  public static Message reply(Message request, BizStatusException status) {
    if (!request.framing().hasHeader()) {
      return ApplicationError.exception(
          request, new ApplicationError(ApplicationError.INTERNAL_ERROR, text(status)));
    }
    return request.reply(emptyResult(request)).withStrings(strings(status));
  }

  /** As Kitex shows one. */
  private static String text(BizStatusException status) {
    return "biz error: code="
        + status.status()
        + ", msg="
        + Strings.nullToEmpty(status.getMessage());
  }

  private static byte[] emptyResult(Message request) {
    if (request.protocol() == Message.Protocol.PROTOBUF) {
      return new byte[0];
    }
    ByteBuf out = Unpooled.buffer();
    new Envelope(Message.Protocol.THRIFT, Message.Type.REPLY, request.method(), request.sequence())
        .write(out);
    out.writeByte(ValueScanner.STOP);
    return ByteBufUtil.getBytes(out);
  }

  private static Map<String, String> strings(BizStatusException status) {
    var strings = new TreeMap<String, String>();
    strings.put(TTHeader.BIZ_STATUS, Integer.toString(status.status()));
    strings.put(TTHeader.BIZ_MESSAGE, Strings.nullToEmpty(status.getMessage()));
    if (!status.extra().isEmpty()) {
      strings.put(TTHeader.BIZ_EXTRA, toJson(status.extra()));
    }
    return strings;
  }

  /** The status in a reply; empty if there is none, or the payload is an EXCEPTION, which wins. */
  public static Optional<BizStatusException> of(Message reply) {
    Map<String, String> strings = reply.header().strings();
    int status = number(strings.getOrDefault(TTHeader.BIZ_STATUS, ""));
    return status == 0 || reply.type() != Message.Type.REPLY
        ? Optional.empty()
        : Optional.of(
            new BizStatusException(
                status,
                strings.getOrDefault(TTHeader.BIZ_MESSAGE, ""),
                fromJson(strings.getOrDefault(TTHeader.BIZ_EXTRA, ""))));
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return 0; // as Kitex does
    }
  }

  private static String toJson(Map<String, String> extra) {
    var json = new JsonObject();
    extra.forEach(json::addProperty);
    return json.toString();
  }

  /** Nothing if it is malformed: the status counts more than what goes with it. */
  private static Map<String, String> fromJson(String json) {
    try (var in = new JsonReader(new StringReader(json))) {
      return read(in);
    } catch (IOException | IllegalStateException e) {
      return Map.of();
    }
  }

  private static Map<String, String> read(JsonReader in) throws IOException {
    var extra = new TreeMap<String, String>();
    in.beginObject();
    while (in.hasNext()) {
      String name = in.nextName();
      if (in.peek() != JsonToken.STRING) {
        throw new MalformedJsonException(name + ": " + in.peek() + " (expected: a string)");
      }
      extra.put(name, in.nextString());
    }
    in.endObject();
    return in.peek() == JsonToken.END_DOCUMENT ? extra : Map.of();
  }
}
