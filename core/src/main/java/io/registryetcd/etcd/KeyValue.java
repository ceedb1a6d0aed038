package io.registryetcd.etcd;

import com.google.protobuf.ByteString;

/**
 * A key with its value and history, as etcd stores it; {@code lease} is 0 for a key without one.
 */
public record KeyValue(
    ByteString key,
    ByteString value,
    long createRevision,
    long modRevision,
    long version,
    long lease) {}
