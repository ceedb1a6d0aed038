package io.registryetcd.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.examples.Program;
import io.registryetcd.layout.Layout;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.TestEtcd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each side writes into etcd, read by the other. */
@ExtendWith(RequiresGo.class)
class EntriesTest {

  @RegisterExtension static final EtcdExtension extension = EtcdExtension.create();

  private final TestEtcd etcd = extension.etcd();
  private final Peers peers = new Peers(etcd);

  @AfterEach
  void end() {
    peers.close();
  }

  private static Side other(Side side) {
    return side == Side.GO ? Side.JAVA : Side.GO;
  }

  /** The instances of Hello with two of their tags, as the resolver of one side sees them. */
  private List<String> seenBy(Side side) {
    Program client = peers.client(side, "framed", "Hello", "--list", "rack,zone");
    assertThat(client.awaitEnd()).as(client::toString).isZero();
    return client.lines();
  }

  @DisplayName("K4 weight and tags")
  @ParameterizedTest(name = "of {0}")
  @EnumSource
  void weightAndTagsAreRead(Side side) {
    String tagged =
        peers
            .server(side, "framed", "Hello", "a", "--weight", "30", "--tags", "zone=a,rack=2")
            .awaitReady();
    // Go writes {} for no tags, Java null
    String plain = peers.server(side, "framed", "Hello", "b").awaitReady();
    assertThat(seenBy(other(side)))
        .containsExactlyInAnyOrder(
            "INSTANCE " + tagged + " 30 rack=2,zone=a", "INSTANCE " + plain + " 10 ");
  }

  @DisplayName("K4 default weight")
  @ParameterizedTest(name = "of {0}")
  @EnumSource
  void weightZeroIsTen(Side side) {
    etcd.etcdctl(
        "put",
        "kitex/registry-etcd/Hello/127.0.0.1:9",
        "{\"network\":\"tcp\",\"address\":\"127.0.0.1:9\",\"weight\":0,\"tags\":{}}");
    assertThat(seenBy(side)).containsExactly("INSTANCE 127.0.0.1:9 10 ");
  }

  @DisplayName("K4 IPv6")
  @ParameterizedTest(name = "of {0}")
  @EnumSource
  void ipv6ServerIsFoundAndCalled(Side side) {
    assumeTrue(hasIpv6(), "this machine has no ::1");
    String registered =
        peers.server(side, "framed", "Hello", "six", "--listen", "[::1]:0").awaitReady();
    assertThat(registered).startsWith(side == Side.GO ? "::1:" : "[::1]:");
    Calls calls = peers.call(other(side), "framed", "Hello", 20);
    assertThat(calls.byInstance()).isEqualTo(Map.of("six", 20));
  }

  @DisplayName("K4 prefix")
  @ParameterizedTest(name = "of {0}")
  @EnumSource
  void prefixesAreTheSame(Side side) {
    for (String prefix : List.of("", "our/prefix")) {
      String id = "under-" + prefix;
      peers.server(side, "framed", "Hello", id, "--prefix", prefix).awaitReady();
      Calls calls = peers.call(other(side), "framed", "Hello", 20, "--prefix", prefix);
      assertThat(calls.byInstance()).isEqualTo(Map.of(id, 20));
    }
  }

  @DisplayName("K4 user and password")
  @ParameterizedTest(name = "of {0}")
  @EnumSource
  void etcdMayAskForAPassword(Side side) {
    try (TestEtcd locked = TestEtcd.start();
        Peers inside = new Peers(locked)) {
      locked.addRole("services");
      locked.grantPrefix("services", "readwrite", "kitex/");
      locked.addUser("kit", "secret");
      locked.grantRole("kit", "services");
      locked.enableAuth("root-secret");
      String[] login = {"--user", "kit", "--password", "secret"};
      inside.server(side, "framed", "Hello", "a", login).awaitReady();
      Calls calls = inside.call(other(side), "framed", "Hello", 20, login);
      assertThat(calls.byInstance()).isEqualTo(Map.of("a", 20));
    }
  }

  @DisplayName("K9 NewEtcdRegistryWithAuth, NewEtcdResolverWithAuth: prefix \"\"")
  @Test
  void deprecatedConstructorsUseTheEmptyPrefix() {
    peers.server(Side.GO, "framed", "Hello", "go", "--constructor", "auth").awaitReady();
    Calls java = peers.call(Side.JAVA, "framed", "Hello", 20, "--prefix", "");
    assertThat(java.byInstance()).isEqualTo(Map.of("go", 20));

    peers.server(Side.JAVA, "framed", "Hello", "java", "--prefix", "").awaitReady();
    Calls go = peers.call(Side.GO, "framed", "Hello", 20, "--constructor", "auth");
    assertThat(go.byInstance()).isEqualTo(Map.of("go", 10, "java", 10));
  }

  @DisplayName("K9 NewEtcdRegistryWithRetry")
  @Test
  void registryWithRetryIsFoundAgain() {
    peers.server(Side.GO, "framed", "Hello", "go", "--constructor", "retry").awaitReady();
    Calls java = peers.call(Side.JAVA, "framed", "Hello", 20);
    assertThat(java.byInstance()).isEqualTo(Map.of("go", 20));
  }

  @DisplayName("K9 SetFixedAddress")
  @ParameterizedTest(name = "of {0}")
  @EnumSource
  void fixedAddressIsCalled(Side side) throws IOException {
    int port = freePort();
    String flag = side == Side.GO ? "--fixed-address" : "--advertise";
    String registered =
        peers
            .server(
                side,
                "framed",
                "Hello",
                "a",
                "--listen",
                "0.0.0.0:" + port,
                flag,
                "127.0.0.1:" + port)
            .awaitReady();
    assertThat(registered).isEqualTo("127.0.0.1:" + port);
    Calls calls = peers.call(other(side), "framed", "Hello", 20);
    assertThat(calls.byInstance()).isEqualTo(Map.of("a", 20));
  }

  @DisplayName("K9 KITEX_IP_TO_REGISTRY, KITEX_PORT_TO_REGISTRY")
  @ParameterizedTest(name = "of {0}")
  @EnumSource
  void addressOfTheEnvironmentIsCalled(Side side) throws IOException {
    int port = freePort();
    Map<String, String> environment =
        Map.of(
            "KITEX_IP_TO_REGISTRY", "127.0.0.1", "KITEX_PORT_TO_REGISTRY", Integer.toString(port));
    String registered =
        peers
            .server(side, environment, "framed", "Hello", "a", "--listen", "0.0.0.0:" + port)
            .awaitReady();
    assertThat(registered).isEqualTo("127.0.0.1:" + port);
    Calls calls = peers.call(other(side), "framed", "Hello", 20);
    assertThat(calls.byInstance()).isEqualTo(Map.of("a", 20));
  }

  @DisplayName("K10 Hertz")
  @Test
  void hertzServerIsFoundByJavaAndCalled() throws IOException, InterruptedException {
    peers.hertzServer("Web", "web").awaitReady();
    EtcdConfig config =
        EtcdConfig.builder()
            .endpoints(etcd.endpoint())
            .layout(Layout.hertz())
            .resolveTimeout(Duration.ofSeconds(15))
            .build();
    try (EtcdResolver resolver = EtcdResolver.create(config)) {
      Instance web = resolver.resolve("Web").instances().get(0);
      assertThat(web.weight()).isEqualTo(20);
      assertThat(web.tags()).isEqualTo(Map.of("zone", "a"));
      URI uri = URI.create("http://" + web.address() + "/echo?message=hi");
      HttpRequest request = HttpRequest.newBuilder(uri).build();
      assertThat(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body())
          .isEqualTo("web|hi");
    }
  }

  @DisplayName("K10 Hertz's golden entry")
  @Test
  void javaEntryInHertzLayoutEqualsTheGoldenOne() {
    Program golden = peers.hertzEntry("a/b", "10.0.0.5:8888", "30", "zone=<a>&b");
    assertThat(golden.awaitEnd()).isZero();
    Instance instance = Instance.of("10.0.0.5", 8888).withWeight(30).withTag("zone", "<a>&b");
    Layout hertz = Layout.hertz();
    assertThat(hertz.key("a/b", instance)).isEqualTo(golden.lines().get(0));
    String json = new String(hertz.encode(instance), StandardCharsets.UTF_8);
    assertThat(JsonParser.parseString(json))
        .isEqualTo(JsonParser.parseString(golden.lines().get(1)));
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  /** Free a moment ago; the range of ephemeral ports is wide. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
