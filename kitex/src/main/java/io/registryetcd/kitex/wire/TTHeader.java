package io.registryetcd.kitex.wire;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a TTHeader says: flags, sequence id, and metadata under numbers and names.
 *
 * @param flags the FLAGS field
 * @param sequence the header's sequence id
 * @param ints metadata under numbers, values as text; sorted
 * @param strings metadata under names; sorted
 */
public record TTHeader(
    int flags, int sequence, Map<Integer, String> ints, Map<String, String> strings) {

  /** No header. */
  public static final TTHeader EMPTY = new TTHeader(0, 0, Map.of(), Map.of());

  // flags
  public static final int OUT_OF_ORDER = 0x0001;
  public static final int STREAMING = 0x0002;

  // metadata under numbers
  public static final int TRANSPORT_TYPE = 1;
  public static final int LOG_ID = 2;
  public static final int FROM_SERVICE = 3;
  public static final int TO_SERVICE = 6;
  public static final int TO_METHOD = 9;
  public static final int RPC_TIMEOUT_MILLIS = 12;
  public static final int CONNECT_TIMEOUT_MILLIS = 17;
  public static final int FROM_METHOD = 20;
  public static final int MESSAGE_TYPE = 22;

  // metadata under names
  public static final String IDL_SERVICE = "isn";
  public static final String CONNECTION_RESET = "crrst";
  public static final String BIZ_STATUS = "biz-status";
  public static final String BIZ_MESSAGE = "biz-message";
  public static final String BIZ_EXTRA = "biz-extra";
  public static final String TRANSIT_PREFIX = "RPC_TRANSIT_";
  public static final String PERSIST_PREFIX = "RPC_PERSIST_";
  public static final String ACL_TOKEN = "RPC_TRANSIT_gdpr-token";

  /** Copies the maps, into trees: names chosen to collide cannot slow them down. */
  public TTHeader {
    ints = Collections.unmodifiableMap(new TreeMap<>(ints));
    strings = Collections.unmodifiableMap(new TreeMap<>(strings));
  }

  static TTHeader ofReply(Envelope reply) {
    String type = Integer.toString(reply.type().number());
    return new TTHeader(0, reply.sequence(), Map.of(MESSAGE_TYPE, type), Map.of());
  }

  /** With some more strings; the new ones win. */
  public TTHeader withStrings(Map<String, String> more) {
    TreeMap<String, String> all = new TreeMap<>(strings);
    all.putAll(more);
    return new TTHeader(flags, sequence, ints, all);
  }
}
