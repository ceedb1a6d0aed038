package io.registryetcd.etcd;

import com.google.protobuf.ByteString;
import java.util.Optional;

/** One change of one key: a put with the new key-value, or a delete. */
public record WatchEvent(ByteString key, long modRevision, Optional<KeyValue> put) {

  /** A put. */
  public static WatchEvent put(KeyValue kv) {
    return new WatchEvent(kv.key(), kv.modRevision(), Optional.of(kv));
  }

  /** A delete, or an end of the key's lease. */
  public static WatchEvent delete(ByteString key, long modRevision) {
    return new WatchEvent(key, modRevision, Optional.empty());
  }
}
