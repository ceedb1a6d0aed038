package io.registryetcd.sim;

import io.registryetcd.etcd.Txn;
import java.util.List;

/** A transaction for the trace, formatted only if it is shown. */
record SimText(Txn txn) {

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Txn.Compare compare : txn.compares()) {
      text.append("if ").append(compare.target()).append(' ').append(compare.key().toStringUtf8());
      text.append(" = ").append(Long.toHexString(compare.expected())).append(' ');
    }
    append(text, txn.success());
    if (!txn.failure().isEmpty()) {
      append(text.append(" else"), txn.failure());
    }
    return text.toString();
  }

  private static void append(StringBuilder text, List<Txn.Op> ops) {
    for (Txn.Op op : ops) {
      if (op instanceof Txn.Put put) {
        text.append(" put ")
            .append(put.key().toStringUtf8())
            .append(" lease ")
            .append(Long.toHexString(put.lease()));
      } else if (op instanceof Txn.Delete delete) {
        text.append(" delete ").append(delete.key().toStringUtf8());
      } else if (op instanceof Txn.Get get) {
        text.append(" get ").append(get.key().toStringUtf8());
      }
    }
  }
}
