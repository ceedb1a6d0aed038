package io.registryetcd;

import io.registryetcd.testkit.TestEtcd;
import java.util.List;
import java.util.Optional;

/** What a real etcd holds, and how an operator meddles with it: all by etcdctl. */
final class StoredKeys {

  /** A key as etcd stores it. */
  record Stored(long lease, long createRevision, long modRevision) {}

  private final TestEtcd etcd;

  StoredKeys(TestEtcd etcd) {
    this.etcd = etcd;
  }

  Optional<Stored> at(String key) {
    String fields = etcd.etcdctl("get", key, "--write-out=fields");
    return fields.contains("\"Key\"")
        ? Optional.of(
            new Stored(
                number(fields, "Lease"),
                number(fields, "CreateRevision"),
                number(fields, "ModRevision")))
        : Optional.empty();
  }

  boolean has(String key) {
    return !keys(key).isEmpty();
  }

  long lease(String key) {
    return at(key).orElseThrow(() -> new AssertionError("no key " + key)).lease();
  }

  String value(String key) {
    return etcd.etcdctl("get", "--print-value-only", key).strip();
  }

  /** All keys that begin with {@code prefix}. */
  List<String> keys(String prefix) {
    return etcd.etcdctl("get", "--prefix", "--keys-only", prefix)
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }

  /** All leases, in hexadecimal as etcdctl wants them. */
  List<String> leases() {
    return etcd.etcdctl("lease", "list").lines().skip(1).filter(line -> !line.isBlank()).toList();
  }

  void put(String key, String value) {
    etcd.etcdctl("put", key, value);
  }

  void put(String key, String value, String lease) {
    etcd.etcdctl("put", "--lease=" + lease, key, value);
  }

  void delete(String key) {
    etcd.etcdctl("del", key);
  }

  /** Makes a lease of a foreign process. */
  String grant(int ttlSeconds) {
    // "lease 32698b2a granted with TTL(60s)"
    String said = etcd.etcdctl("lease", "grant", Integer.toString(ttlSeconds));
    return said.substring("lease ".length(), said.indexOf(" granted"));
  }

  void revoke(String lease) {
    etcd.etcdctl("lease", "revoke", lease);
  }

  void revoke(long lease) {
    revoke(hex(lease));
  }

  /** A lease as etcdctl writes it. */
  static String hex(long lease) {
    return String.format("%016x", lease);
  }

  long revision() {
    return number(etcd.etcdctl("get", "any", "--write-out=fields"), "Revision");
  }

  /** How many calls or streams of a method etcd has seen since its start. */
  long started(String method) {
    return metric("started", method);
  }

  /** How many calls or streams of a method are open now. */
  long open(String method) {
    return metric("started", method) - metric("handled", method);
  }

  private long metric(String name, String method) {
    return etcd.metrics()
        .lines()
        .filter(line -> line.startsWith("grpc_server_" + name + "_total{"))
        .filter(line -> line.contains("grpc_method=\"" + method + "\",grpc_service=\"etcd"))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private static long number(String fields, String name) {
    return fields
        .lines()
        .filter(line -> line.startsWith("\"" + name + "\" : "))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(" : ") + 3)))
        .findFirst()
        .orElseThrow();
  }
}
