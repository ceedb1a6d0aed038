package io.registryetcd.etcd;

import io.grpc.MethodDescriptor;
import io.registryetcd.etcd.rpc.AuthGrpc;
import io.registryetcd.etcd.rpc.AuthenticateRequest;
import io.registryetcd.etcd.rpc.AuthenticateResponse;
import io.registryetcd.etcd.rpc.KVGrpc;
import io.registryetcd.etcd.rpc.LeaseGrantRequest;
import io.registryetcd.etcd.rpc.LeaseGrantResponse;
import io.registryetcd.etcd.rpc.LeaseGrpc;
import io.registryetcd.etcd.rpc.LeaseKeepAliveRequest;
import io.registryetcd.etcd.rpc.LeaseKeepAliveResponse;
import io.registryetcd.etcd.rpc.LeaseRevokeRequest;
import io.registryetcd.etcd.rpc.LeaseRevokeResponse;
import io.registryetcd.etcd.rpc.MaintenanceGrpc;
import io.registryetcd.etcd.rpc.RangeRequest;
import io.registryetcd.etcd.rpc.RangeResponse;
import io.registryetcd.etcd.rpc.ResponseHeader;
import io.registryetcd.etcd.rpc.StatusRequest;
import io.registryetcd.etcd.rpc.StatusResponse;
import io.registryetcd.etcd.rpc.TxnRequest;
import io.registryetcd.etcd.rpc.TxnResponse;
import io.registryetcd.etcd.rpc.WatchGrpc;
import io.registryetcd.etcd.rpc.WatchRequest;
import io.registryetcd.etcd.rpc.WatchResponse;
import java.util.function.Function;

/**
 * One call that etcd offers.
 *
 * @param name what errors call it
 * @param header where its responses say who answered
 */
record Method<Q, R>(
    String name, MethodDescriptor<Q, R> descriptor, Function<R, ResponseHeader> header) {

  static final Method<RangeRequest, RangeResponse> RANGE =
      new Method<>("range", KVGrpc.getRangeMethod(), RangeResponse::getHeader);
  static final Method<TxnRequest, TxnResponse> TXN =
      new Method<>("transaction", KVGrpc.getTxnMethod(), TxnResponse::getHeader);
  static final Method<LeaseGrantRequest, LeaseGrantResponse> LEASE_GRANT =
      new Method<>("lease grant", LeaseGrpc.getLeaseGrantMethod(), LeaseGrantResponse::getHeader);
  static final Method<LeaseRevokeRequest, LeaseRevokeResponse> LEASE_REVOKE =
      new Method<>(
          "lease revoke", LeaseGrpc.getLeaseRevokeMethod(), LeaseRevokeResponse::getHeader);
  static final Method<LeaseKeepAliveRequest, LeaseKeepAliveResponse> LEASE_KEEP_ALIVE =
      new Method<>(
          "lease keepalive",
          LeaseGrpc.getLeaseKeepAliveMethod(),
          LeaseKeepAliveResponse::getHeader);
  static final Method<WatchRequest, WatchResponse> WATCH =
      new Method<>("watch", WatchGrpc.getWatchMethod(), WatchResponse::getHeader);
  static final Method<AuthenticateRequest, AuthenticateResponse> AUTHENTICATE =
      new Method<>("login", AuthGrpc.getAuthenticateMethod(), AuthenticateResponse::getHeader);
  static final Method<StatusRequest, StatusResponse> STATUS =
      new Method<>("status", MaintenanceGrpc.getStatusMethod(), StatusResponse::getHeader);
}
