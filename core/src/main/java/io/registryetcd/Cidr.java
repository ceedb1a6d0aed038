package io.registryetcd;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * A network: the addresses whose first bits are those of another one. Written {@code 10.0.0.0/8}.
 */
final class Cidr {

  private final byte[] network;
  private final int bits;
  private final String text;

  private Cidr(byte[] network, int bits, String text) {
    this.network = network;
    this.bits = bits;
    this.text = text;
  }

  static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    if (!address.contains("%") && InetAddresses.isInetAddress(address)) {
      byte[] network = InetAddresses.forString(address).getAddress();
      int width = network.length * Byte.SIZE;
      int bits = slash < 0 ? width : bits(text.substring(slash + 1), width);
      if (bits >= 0) {
        return new Cidr(network, bits, text);
      }
    }
    throw new IllegalArgumentException(
        "preferred network: \""
            + LogText.escape(text)
            + "\" (expected: a network such as 10.0.0.0/8 or fd00::/8)");
  }

  private static int bits(String text, int width) {
    boolean number = text.matches("[0-9]{1,3}");
    return number && Integer.parseInt(text) <= width ? Integer.parseInt(text) : -1;
  }

  boolean contains(InetAddress address) {
    byte[] other = address.getAddress();
    int whole = bits / Byte.SIZE;
    int rest = bits % Byte.SIZE;
    return other.length == network.length
        && Arrays.equals(other, 0, whole, network, 0, whole)
        && (rest == 0 || ((other[whole] ^ network[whole]) & 0xff) >>> (Byte.SIZE - rest) == 0);
  }

  @Override
  public String toString() {
    return text;
  }
}
