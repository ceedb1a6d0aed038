package io.registryetcd.sim;

import com.google.protobuf.ByteString;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/** A lease as the cluster holds it. */
public final class SimLease {

  private final long id;
  private final long ttlSeconds;
  private final String owner;
  private final Set<ByteString> keys = new TreeSet<>(SimStore.ORDER);
  private long expiresAt;

  SimLease(long id, long ttlSeconds, String owner) {
    this.id = id;
    this.ttlSeconds = ttlSeconds;
    this.owner = owner;
  }

  SimLease copy() {
    SimLease copy = new SimLease(id, ttlSeconds, owner);
    copy.keys.addAll(keys);
    return copy;
  }

  /** Its id. */
  public long id() {
    return id;
  }

  /** The time to live that was granted. */
  public long ttlSeconds() {
    return ttlSeconds;
  }

  /** The name of the client that it was granted to. */
  public String owner() {
    return owner;
  }

  /** The keys that end with it. */
  public Set<ByteString> keys() {
    return Collections.unmodifiableSet(keys);
  }

  void add(ByteString key) {
    keys.add(key);
  }

  void remove(ByteString key) {
    keys.remove(key);
  }

  long expiresAt() {
    return expiresAt;
  }

  void renew(long now) {
    expiresAt = now + ttlSeconds * 1_000_000_000L;
  }
}
