package io.registryetcd.layout;

import io.registryetcd.Instance;

/**
 * Keys {@code <prefix>/<service>/<host:port>}, where a service's name may hold slashes; values as
 * in the Kitex layout.
 */
final class HertzLayout implements Layout {

  private final String prefix;

  HertzLayout(String prefix) {
    this.prefix = Keys.checkPrefix(prefix);
  }

  @Override
  public String range(String service) {
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
    return "HERTZ";
  }

  @Override
  public String toString() {
    return "HertzLayout[" + prefix + "]";
  }
}
