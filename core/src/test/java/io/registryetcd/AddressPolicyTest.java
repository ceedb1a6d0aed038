package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import io.registryetcd.layout.Layout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPolicyTest {

  private static final Instance ANY = Instance.of("0.0.0.0", 8888).withWeight(7).withTag("a", "b");
  private static final Map<String, String> NO_ENVIRONMENT = Map.of();

  /** Interfaces that are made up. */
  private static final class FakeNetwork implements LocalNetwork {

    private final List<Interface> interfaces = new ArrayList<>();
    private Optional<InetAddress> routeSource = Optional.empty();
    private int probes;

    FakeNetwork with(String name, String... addresses) {
      return with(name, true, false, addresses);
    }

    FakeNetwork with(String name, boolean up, boolean loopback, String... addresses) {
      interfaces.add(
          new Interface(
              name, up, loopback, Arrays.stream(addresses).map(InetAddresses::forString).toList()));
      return this;
    }

    FakeNetwork routedFrom(String address) {
      routeSource = Optional.of(InetAddresses.forString(address));
      return this;
    }

    @Override
    public List<Interface> interfaces() {
      return interfaces;
    }

    @Override
    public Optional<InetAddress> routeSource() {
      probes++;
      return routeSource;
    }
  }

  private static FakeNetwork network() {
    return new FakeNetwork().with("lo", true, true, "127.0.0.1", "::1");
  }

  private static AdvertisedAddress resolve(
      AddressPolicy policy, Instance wanted, LocalNetwork network) {
    return policy.resolve(wanted, Layout.kitex(), NO_ENVIRONMENT, network);
  }

  private static String address(AddressPolicy policy, LocalNetwork network) {
    return resolve(policy, ANY, network).instance().address();
  }

  private static String address(LocalNetwork network) {
    return address(AddressPolicy.standard(), network);
  }

  @Test
  void anExplicitAddressIsRegisteredAsGiven() {
    for (String host : List.of("10.1.2.3", "hello.example.com", "127.0.0.1", "localhost")) {
      AdvertisedAddress advertised =
          resolve(AddressPolicy.standard(), Instance.of(host, 80), network());
      assertThat(advertised.instance()).isEqualTo(Instance.of(host, 80));
      assertThat(advertised.reason()).isEqualTo("as given");
    }
  }

  @Test
  void anExplicitIpv6AddressGetsItsOneSpelling() {
    assertThat(
            resolve(AddressPolicy.standard(), Instance.of("[2001:DB8:0::5]", 80), network())
                .instance()
                .address())
        .isEqualTo("[2001:db8::5]:80");
  }

  @Test
  void aUnixSocketIsRegisteredAsItIs() {
    Instance unix = Instance.unix("/run/a.sock");
    assertThat(resolve(AddressPolicy.fixed("a:1"), unix, network()).instance()).isEqualTo(unix);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0"})
  void wildcardsAreReplacedByTheAddressOfAnInterface(String host) {
    AdvertisedAddress advertised =
        resolve(
            AddressPolicy.standard(),
            Instance.of(host, 8888).withWeight(7).withTag("a", "b"),
            network().with("eth0", "10.0.0.5"));
    assertThat(advertised.instance())
        .isEqualTo(Instance.of("10.0.0.5", 8888).withWeight(7).withTag("a", "b"));
    assertThat(advertised.reason()).isEqualTo("host: network interface eth0, port: as given");
  }

  @Test
  void interfacesThatOthersCannotReachAreNotConsidered() {
    FakeNetwork network =
        network()
            .with("docker0", "172.17.0.1")
            .with("br-1a2b3c4d5e6f", "172.18.0.1")
            .with("veth12ab", "169.254.7.7", "10.9.9.9")
            .with("cni0", "10.244.0.1")
            .with("flannel.1", "10.244.0.0")
            .with("virbr0", "192.168.122.1")
            .with("eth1", false, false, "10.0.0.4")
            .with("eth2", "169.254.1.1", "fe80::1")
            .with("eth3", "10.0.0.5");
    assertThat(address(network)).isEqualTo("10.0.0.5:8888");
  }

  @Test
  void ipv4GoesBeforeIpv6() {
    assertThat(address(network().with("eth0", "2001:db8::5").with("eth1", "10.0.0.5")))
        .isEqualTo("10.0.0.5:8888");
  }

  @Test
  void aMachineWithIpv6OnlyRegistersThat() {
    assertThat(address(network().with("eth0", "fe80::5", "2001:db8::5")))
        .isEqualTo("[2001:db8::5]:8888");
  }

  @Test
  void aZoneIsNotRegistered() throws UnknownHostException {
    byte[] global = InetAddresses.forString("2001:db8::5").getAddress();
    InetAddress zoned = java.net.Inet6Address.getByAddress(null, global, 7);
    FakeNetwork network = network();
    network.interfaces.add(new LocalNetwork.Interface("eth0", true, false, List.of(zoned)));
    assertThat(address(network)).isEqualTo("[2001:db8::5]:8888");
  }

  @Test
  void amongSeveralTheDefaultRouteDecides() {
    FakeNetwork network =
        network().with("eth0", "10.0.0.5").with("eth1", "10.1.0.5").routedFrom("10.1.0.5");
    assertThat(address(network)).isEqualTo("10.1.0.5:8888");
  }

  @Test
  void withoutADefaultRouteTheFirstIsTaken() {
    FakeNetwork network = network().with("eth0", "10.0.0.5").with("eth1", "10.1.0.5");
    assertThat(address(network)).isEqualTo("10.0.0.5:8888");
    assertThat(address(network.routedFrom("172.17.0.1"))).isEqualTo("10.0.0.5:8888");
  }

  @Test
  void theRouteIsNotProbedIfTheInterfacesDecide() {
    FakeNetwork network = network().with("eth0", "10.0.0.5", "2001:db8::5");
    assertThat(address(network)).isEqualTo("10.0.0.5:8888");
    assertThat(network.probes).isZero();
  }

  @Test
  void preferredNetworksGoFirstInTheirOrder() {
    FakeNetwork network =
        network()
            .with("eth0", "192.168.0.5", "fd00::5")
            .with("eth1", "10.0.0.5")
            .routedFrom("192.168.0.5");
    AddressPolicy policy = AddressPolicy.standard();
    assertThat(address(policy.preferring("10.0.0.0/8", "192.168.0.0/16"), network))
        .isEqualTo("10.0.0.5:8888");
    assertThat(address(policy.preferring("172.16.0.0/12", "192.168.0.0/31", "fd00::/8"), network))
        .isEqualTo("[fd00::5]:8888");
    assertThat(address(policy.preferring("172.16.0.0/12"), network)).isEqualTo("192.168.0.5:8888");
    assertThat(resolve(policy.preferring("10.0.0.5"), ANY, network).reason())
        .isEqualTo(
            "host: network interface eth1 in the preferred network 10.0.0.5, port: as given");
  }

  @Test
  void aPreferredNetworkCountsAlsoOnABridge() {
    FakeNetwork network = network().with("br-lan", "10.0.0.5").with("eth0", "192.168.0.5");
    assertThat(address(network)).isEqualTo("192.168.0.5:8888");
    assertThat(address(AddressPolicy.standard().preferring("10.0.0.0/8"), network))
        .isEqualTo("10.0.0.5:8888");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "a/8", "::/129", "10/8"})
  void refusesWhatIsNoNetwork(String network) {
    assertThatThrownBy(() -> AddressPolicy.standard().preferring(network))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "preferred network: \""
                + network
                + "\" (expected: a network such as 10.0.0.0/8 or fd00::/8)");
  }

  @Test
  void loopbackIsTheLastResortAndOnlyIfAllowed() {
    assertThatThrownBy(() -> address(network()))
        .isInstanceOf(RegistryException.class)
        .hasMessageContainingAll(
            "no address to register for 0.0.0.0:8888",
            "KITEX_IP_TO_REGISTRY",
            "AddressPolicy.preferring",
            "AddressPolicy.fixed",
            "AddressPolicy.allowLoopback");
    AddressPolicy policy = AddressPolicy.standard().allowLoopback();
    assertThat(address(policy, network())).isEqualTo("127.0.0.1:8888");
    assertThat(address(policy, network().with("eth0", "10.0.0.5"))).isEqualTo("10.0.0.5:8888");
  }

  @Test
  void interfacesThatCannotBeReadAreTheCause() {
    var failure = new IOException("no interfaces");
    LocalNetwork broken =
        new LocalNetwork() {
          @Override
          public List<Interface> interfaces() throws IOException {
            throw failure;
          }

          @Override
          public Optional<InetAddress> routeSource() {
            return Optional.empty();
          }
        };
    assertThatThrownBy(() -> address(broken))
        .isInstanceOf(RegistryException.class)
        .hasCause(failure);
  }

  @Test
  void theEnvironmentWinsOverTheGivenAddress() {
    var environment =
        Map.of("KITEX_IP_TO_REGISTRY", "203.0.113.5", "KITEX_PORT_TO_REGISTRY", "30080");
    AdvertisedAddress advertised =
        AddressPolicy.standard()
            .resolve(Instance.of("10.0.0.5", 0), Layout.kitex(), environment, network());
    assertThat(advertised.instance().address()).isEqualTo("203.0.113.5:30080");
    assertThat(advertised.reason())
        .isEqualTo(
            "host: environment variable KITEX_IP_TO_REGISTRY,"
                + " port: environment variable KITEX_PORT_TO_REGISTRY");
    assertThat(
            AddressPolicy.standard()
                .resolve(Instance.of("10.0.0.5", 80), Layout.hertz(), environment, network())
                .instance()
                .address())
        .isEqualTo("10.0.0.5:80");
  }

  @Test
  void theEnvironmentOfHertzHasItsOwnNames() {
    var environment = Map.of("HERTZ_IP_TO_REGISTRY", "[2001:db8::5]", "HERTZ_PORT_TO_REGISTRY", "");
    assertThat(
            AddressPolicy.standard()
                .resolve(ANY, Layout.hertz(), environment, network())
                .instance()
                .address())
        .isEqualTo("[2001:db8::5]:8888");
  }

  @ParameterizedTest
  @CsvSource({
    "KITEX_IP_TO_REGISTRY,   a b,     'KITEX_IP_TO_REGISTRY: host: \"a b\" (expected: a host name, an IPv4 or an IPv6 address)'",
    "KITEX_IP_TO_REGISTRY,   0.0.0.0, KITEX_IP_TO_REGISTRY: \"0.0.0.0\" (expected: an address that others can reach)",
    "KITEX_IP_TO_REGISTRY,   [::],    KITEX_IP_TO_REGISTRY: \"::\" (expected: an address that others can reach)",
    "KITEX_PORT_TO_REGISTRY, 0,       KITEX_PORT_TO_REGISTRY: port: \"0\" (expected: 1 to 65535)",
    "KITEX_PORT_TO_REGISTRY, http,    KITEX_PORT_TO_REGISTRY: port: \"http\" (expected: 1 to 65535)",
  })
  void refusesABadEnvironment(String variable, String value, String message) {
    assertThatThrownBy(
            () ->
                AddressPolicy.standard()
                    .resolve(ANY, Layout.kitex(), Map.of(variable, value), network()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void aFixedAddressWinsOverEverything() {
    AdvertisedAddress advertised =
        AddressPolicy.fixed("[2001:DB8::5]:8888")
            .resolve(
                Instance.of("10.0.0.5", 0).withWeight(3),
                Layout.kitex(),
                Map.of("KITEX_IP_TO_REGISTRY", "203.0.113.5", "KITEX_PORT_TO_REGISTRY", "1"),
                network());
    assertThat(advertised.instance()).isEqualTo(Instance.of("2001:db8::5", 8888).withWeight(3));
    assertThat(advertised.reason()).isEqualTo("fixed by the configuration");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10.0.0.5", "10.0.0.5:0", ":8888", "0.0.0.0:80", "[::]:80", "a b:80"})
  void refusesABadFixedAddress(String address) {
    assertThatThrownBy(() -> AddressPolicy.fixed(address))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("fixed address: ")
        .hasMessageContaining("(expected: ");
  }

  @Test
  void aPortMustBeKnownInTheEnd() {
    assertThatThrownBy(
            () -> resolve(AddressPolicy.standard(), Instance.of("10.0.0.5", 0), network()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("port: 0 (expected: the port that the server listens on")
        .hasMessageContaining("KITEX_PORT_TO_REGISTRY");
  }

  @Test
  void theLeaseTtlComesFromTheEnvironment() {
    assertThat(AddressPolicy.leaseTtl(Layout.kitex(), NO_ENVIRONMENT)).isEmpty();
    assertThat(ttl("")).isEmpty();
    assertThat(ttl("2")).contains(Duration.ofSeconds(2));
    assertThat(ttl("60")).contains(Duration.ofMinutes(1));
    assertThat(
            AddressPolicy.leaseTtl(Layout.hertz(), Map.of("HERTZ_ETCD_REGISTRY_LEASE_TTL", "30")))
        .contains(Duration.ofSeconds(30));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "0", "-5", "60s", "6.5", " 60", "10000000000"})
  void refusesABadLeaseTtl(String value) {
    assertThatThrownBy(() -> ttl(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "KITEX_ETCD_REGISTRY_LEASE_TTL: \""
                + value
                + "\" (expected: whole seconds, at least 2)");
  }

  private static Optional<Duration> ttl(String value) {
    return AddressPolicy.leaseTtl(Layout.kitex(), Map.of("KITEX_ETCD_REGISTRY_LEASE_TTL", value));
  }

  @Test
  void readsTheInterfacesOfThisMachine() throws IOException {
    assertThat(LocalNetwork.SYSTEM.interfaces()).anyMatch(LocalNetwork.Interface::loopback);
    assertThat(LocalNetwork.SYSTEM.routeSource()).isNotNull();
    assertThat(
            AddressPolicy.standard()
                .allowLoopback()
                .resolve(ANY, Layout.kitex(), NO_ENVIRONMENT)
                .instance()
                .host())
        .isNotEmpty();
  }
}
