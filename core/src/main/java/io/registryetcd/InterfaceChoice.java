package io.registryetcd;

import com.google.common.net.InetAddresses;
import io.registryetcd.LocalNetwork.Interface;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Chooses the address of this machine that others can reach, among those of its network interfaces.
 *
 * <p>Candidates are the addresses of interfaces that are up, but not loopback, link-local and
 * multicast ones, and not those of the bridges and tunnels that container runtimes and hypervisors
 * make, unless a preferred network holds them. The first preferred network that holds a candidate
 * decides, then IPv4 goes before IPv6. If several are left, the one that the default route leaves
 * from is taken, else the first in the order of the operating system.
 */
final class InterfaceChoice {

  private static final Pattern VIRTUAL =
      Pattern.compile(
          "(docker|br-|veth|cni|cbr|flannel|cali|cilium|weave|kube-|nodelocaldns|virbr|vnet|vmnet|vboxnet|lxc|lxd"
              + "|podman|tunl|vxlan|dummy).*");

  private final List<Cidr> preferred;
  private final LocalNetwork network;

  InterfaceChoice(List<Cidr> preferred, LocalNetwork network) {
    this.preferred = preferred;
    this.network = network;
  }

  /** An address and where it was found. */
  record Candidate(InetAddress address, String interfaceName, int preference) {

    String host() {
      return InetAddresses.toAddrString(address);
    }

    private boolean isIpv4() {
      return address instanceof Inet4Address;
    }

    private boolean rivals(Candidate other) {
      return preference == other.preference && isIpv4() == other.isIpv4();
    }
  }

  /** The best candidate, if there is any. */
  Optional<Candidate> choose() throws IOException {
    List<Candidate> candidates = candidates();
    if (candidates.isEmpty()) {
      return Optional.empty();
    }
    Candidate best = candidates.get(0);
    List<Candidate> rivals = candidates.stream().filter(best::rivals).toList();
    if (rivals.size() == 1) {
      return Optional.of(best);
    }
    Optional<InetAddress> source = network.routeSource();
    return rivals.stream()
        .filter(candidate -> source.filter(candidate.address()::equals).isPresent())
        .findFirst()
        .or(() -> Optional.of(best));
  }

  private List<Candidate> candidates() throws IOException {
    var candidates = new ArrayList<Candidate>();
    for (Interface found : network.interfaces()) {
      if (found.up() && !found.loopback()) {
        addCandidates(found, candidates);
      }
    }
    candidates.sort(
        Comparator.comparingInt(Candidate::preference)
            .thenComparing(candidate -> !candidate.isIpv4()));
    return candidates;
  }

  private void addCandidates(Interface found, List<Candidate> candidates) {
    boolean virtual = VIRTUAL.matcher(found.name()).matches();
    for (InetAddress address : found.addresses()) {
      int preference = preference(address);
      if (isReachable(address) && (!virtual || preference < preferred.size())) {
        candidates.add(new Candidate(withoutZone(address), found.name(), preference));
      }
    }
  }

  /**
   * The position of the first preferred network that holds the address, or their number if none
   * does.
   */
  private int preference(InetAddress address) {
    int position = 0;
    while (position < preferred.size() && !preferred.get(position).contains(address)) {
      position++;
    }
    return position;
  }

  private static boolean isReachable(InetAddress address) {
    return !address.isLoopbackAddress()
        && !address.isLinkLocalAddress()
        && !address.isAnyLocalAddress()
        && !address.isMulticastAddress();
  }

  /**
   * An address of other than link scope means the same on every machine only without the name of an
   * interface.
   */
  private static InetAddress withoutZone(InetAddress address) {
    return InetAddresses.forString(withoutZone(address.getHostAddress()));
  }

  private static String withoutZone(String address) {
    int percent = address.indexOf('%');
    return percent < 0 ? address : address.substring(0, percent);
  }
}
