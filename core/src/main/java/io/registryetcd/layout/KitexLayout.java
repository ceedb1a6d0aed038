package io.registryetcd.layout;

import io.registryetcd.Instance;

/** Keys {@code <prefix>/<service>/<host:port>}, where a service's name holds no slash. */
final class KitexLayout implements Layout {

  private final String prefix;

  KitexLayout(String prefix) {
    this.prefix = Keys.checkPrefix(prefix);
  }

  @Override
  public String range(String service) {
    if (service.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "service name: "
              + Text.quote(service)
              + " (expected: no slash; only Layout.hertz() allows it)");
    }
    return prefix + "/" + Keys.checkService(service) + "/";
  }

  @Override
  public String key(String service, Instance instance) {
    return Keys.key(range(service), instance);
  }

  @Override
  public byte[] encode(Instance instance) {
    return InstanceJson.encode(instance);
  }

  @Override
  public Instance decode(byte[] value) throws MalformedInstanceException {
    return InstanceJson.decode(value);
  }

  @Override
  public String environmentPrefix() {
    return "KITEX";
  }

  @Override
  public String toString() {
    return "KitexLayout[" + prefix + "]";
  }
}
