package io.registryetcd;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** This machine's network interfaces, behind an interface so that tests can make some up. */
interface LocalNetwork {

  /** The machine's own. */
  LocalNetwork SYSTEM = new SystemNetwork();

  /** One network interface and its addresses, as they are when asked. */
  record Interface(String name, boolean up, boolean loopback, List<InetAddress> addresses) {}

  /** All interfaces, in the order of the operating system. */
  List<Interface> interfaces() throws IOException;

  /**
   * The address that packets leave from on their way to other networks; finding it out sends none.
   */
  Optional<InetAddress> routeSource();

  /** Asks the operating system. */
  final class SystemNetwork implements LocalNetwork {

    /** TEST-NET-1 (RFC 5737): routed as any address of other networks is, and nobody's. */
    private static final byte[] ELSEWHERE = {(byte) 192, 0, 2, 1};

    private static final int DISCARD_PORT = 9;

    private SystemNetwork() {}

    @Override
    public List<Interface> interfaces() throws IOException {
      var interfaces = new ArrayList<Interface>();
      for (NetworkInterface found : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        try {
          interfaces.add(
              new Interface(
                  found.getName(),
                  found.isUp(),
                  found.isLoopback(),
                  Collections.list(found.getInetAddresses())));
        } catch (SocketException e) {
          // gone since it was listed
        }
      }
      return interfaces;
    }

    /** Connecting a datagram socket only looks up the route. */
    @Override
    public Optional<InetAddress> routeSource() {
      try (var socket = new DatagramSocket()) {
        socket.connect(new InetSocketAddress(InetAddress.getByAddress(ELSEWHERE), DISCARD_PORT));
        return Optional.of(socket.getLocalAddress());
      } catch (IOException | RuntimeException e) {
        return Optional.empty();
      }
    }
  }
}
