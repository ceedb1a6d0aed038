package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.layout.Layout;

/** Keys of the service Hello as they might stand in etcd, in the layout of Kitex. */
final class FakeKeys {

  static final String RANGE = "kitex/registry-etcd/Hello/";

  private FakeKeys() {}

  static ByteString key(String name) {
    return ByteString.copyFromUtf8(RANGE + name);
  }

  /** A key named after the address of its instance. */
  static KeyValue of(Instance instance, long revision) {
    return of(instance.address(), instance, revision);
  }

  static KeyValue of(String name, Instance instance, long revision) {
    return of(name, ByteString.copyFrom(Layout.kitex().encode(instance)), revision);
  }

  static KeyValue of(String name, String value, long revision) {
    return of(name, ByteString.copyFromUtf8(value), revision);
  }

  private static KeyValue of(String name, ByteString value, long revision) {
    return new KeyValue(key(name), value, revision, revision, 1, 7);
  }

  static WatchEvent gone(String name, long revision) {
    return WatchEvent.delete(key(name), revision);
  }
}
