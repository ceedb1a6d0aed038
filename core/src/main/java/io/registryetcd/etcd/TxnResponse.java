package io.registryetcd.etcd;

import java.util.List;
import java.util.Optional;

/**
 * The outcome of a transaction.
 *
 * @param succeeded whether the compares held
 * @param gets for each {@link Txn.Get} of the list that ran, in order, the key-value or empty
 */
public record TxnResponse(Header header, boolean succeeded, List<Optional<KeyValue>> gets) {}
