package io.registryetcd.etcd;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.EtcdClient.RangeRequest;
import io.registryetcd.etcd.rpc.DeleteRangeRequest;
import io.registryetcd.etcd.rpc.Event;
import io.registryetcd.etcd.rpc.PutRequest;
import io.registryetcd.etcd.rpc.RequestOp;
import io.registryetcd.etcd.rpc.ResponseHeader;
import io.registryetcd.etcd.rpc.ResponseOp;
import io.registryetcd.etcd.rpc.TxnRequest;
import io.registryetcd.etcd.rpc.WatchCancelRequest;
import io.registryetcd.etcd.rpc.WatchCreateRequest;
import io.registryetcd.etcd.rpc.WatchRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The way between our records and etcd's messages. */
final class Messages {

  private Messages() {}

  static Header header(ResponseHeader header) {
    return new Header(
        header.getClusterId(), header.getMemberId(), header.getRevision(), header.getRaftTerm());
  }

  static KeyValue keyValue(io.registryetcd.etcd.rpc.KeyValue kv) {
    return new KeyValue(
        kv.getKey(),
        kv.getValue(),
        kv.getCreateRevision(),
        kv.getModRevision(),
        kv.getVersion(),
        kv.getLease());
  }

  static WatchEvent event(Event event) {
    return event.getType() == Event.EventType.DELETE
        ? WatchEvent.delete(event.getKv().getKey(), event.getKv().getModRevision())
        : WatchEvent.put(keyValue(event.getKv()));
  }

  static io.registryetcd.etcd.rpc.RangeRequest range(RangeRequest request) {
    return io.registryetcd.etcd.rpc.RangeRequest.newBuilder()
        .setKey(request.key())
        .setRangeEnd(request.end())
        .setRevision(request.revision())
        .setLimit(request.limit())
        .build();
  }

  static RangeResponse range(io.registryetcd.etcd.rpc.RangeResponse response) {
    return new RangeResponse(
        header(response.getHeader()),
        response.getKvsList().stream().map(Messages::keyValue).toList(),
        response.getMore());
  }

  /** A read that transfers no key and no value. */
  static io.registryetcd.etcd.rpc.RangeRequest count(KeyRange range) {
    return io.registryetcd.etcd.rpc.RangeRequest.newBuilder()
        .setKey(range.start())
        .setRangeEnd(range.end())
        .setCountOnly(true)
        .build();
  }

  static TxnRequest txn(Txn txn) {
    TxnRequest.Builder builder = TxnRequest.newBuilder();
    txn.compares().forEach(compare -> builder.addCompare(compare(compare)));
    txn.success().forEach(op -> builder.addSuccess(op(op)));
    txn.failure().forEach(op -> builder.addFailure(op(op)));
    return builder.build();
  }

  static TxnResponse txn(io.registryetcd.etcd.rpc.TxnResponse response) {
    List<Optional<KeyValue>> gets = new ArrayList<>();
    for (ResponseOp op : response.getResponsesList()) {
      if (op.hasResponseRange()) {
        gets.add(op.getResponseRange().getKvsList().stream().findFirst().map(Messages::keyValue));
      }
    }
    return new TxnResponse(
        header(response.getHeader()), response.getSucceeded(), List.copyOf(gets));
  }

  static WatchRequest watch(KeyRange range, long startRevision) {
    return WatchRequest.newBuilder()
        .setCreateRequest(
            WatchCreateRequest.newBuilder()
                .setKey(range.start())
                .setRangeEnd(range.end())
                .setStartRevision(startRevision)
                .setFragment(true))
        .build();
  }

  static WatchRequest cancelWatch(long id) {
    return WatchRequest.newBuilder()
        .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(id))
        .build();
  }

  private static io.registryetcd.etcd.rpc.Compare compare(Txn.Compare compare) {
    var builder = io.registryetcd.etcd.rpc.Compare.newBuilder().setKey(compare.key());
    return switch (compare.target()) {
      case MOD_REVISION ->
          builder
              .setTarget(io.registryetcd.etcd.rpc.Compare.CompareTarget.MOD)
              .setModRevision(compare.expected())
              .build();
      case LEASE ->
          builder
              .setTarget(io.registryetcd.etcd.rpc.Compare.CompareTarget.LEASE)
              .setLease(compare.expected())
              .build();
    };
  }

  private static RequestOp op(Txn.Op op) {
    RequestOp.Builder builder = RequestOp.newBuilder();
    if (op instanceof Txn.Put put) {
      builder.setRequestPut(
          PutRequest.newBuilder().setKey(put.key()).setValue(put.value()).setLease(put.lease()));
    } else if (op instanceof Txn.Delete delete) {
      builder.setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(delete.key()));
    } else if (op instanceof Txn.Get get) {
      builder.setRequestRange(range(new RangeRequest(get.key(), ByteString.EMPTY, 0, 0)));
    }
    return builder.build();
  }
}
