package io.registryetcd.etcd;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * An etcd transaction: if all compares hold, {@code success} runs, else {@code failure}.
 *
 * <p>etcd takes at most 128 operations in a list. A transaction that compares or gets needs read
 * permission on its keys, one that puts or deletes needs write permission.
 */
public record Txn(List<Compare> compares, List<Op> success, List<Op> failure) {

  /** How many operations etcd accepts in one transaction by default. */
  public static final int MAX_OPS = 128;

  /** What a compare looks at; both are 0 for a key that does not exist. */
  public enum Target {
    MOD_REVISION,
    LEASE
  }

  /** Holds if {@code target} of {@code key} equals {@code expected}. */
  public record Compare(ByteString key, Target target, long expected) {}

  /** One operation. */
  public sealed interface Op permits Get, Put, Delete {}

  /** Reads one key. */
  public record Get(ByteString key) implements Op {}

  /** Writes one key under a lease. */
  public record Put(ByteString key, ByteString value, long lease) implements Op {}

  /** Deletes one key. */
  public record Delete(ByteString key) implements Op {}
}
