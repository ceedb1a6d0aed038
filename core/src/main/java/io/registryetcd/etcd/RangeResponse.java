package io.registryetcd.etcd;

import java.util.List;

/**
 * The key-values of a range at {@code header.revision()}, in key order; {@code more} if a limit cut
 * them.
 */
public record RangeResponse(Header header, List<KeyValue> kvs, boolean more) {}
