package io.registryetcd;

import static io.registryetcd.TestPeers.SOON;
import static io.registryetcd.TestPeers.config;
import static io.registryetcd.TestPeers.instance;
import static io.registryetcd.TestPeers.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.registryetcd.NoInstanceException.Reason;
import io.registryetcd.etcd.Endpoint;
import io.registryetcd.etcd.EtcdClientConfig;
import io.registryetcd.etcd.GrpcEtcdClient;
import io.registryetcd.etcd.Txn;
import io.registryetcd.testkit.EtcdExtension;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever others have written under a service's range: what can be used is used, and an empty
 * answer says why.
 */
class ForeignValuesTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();

  private static final String RANGE = "kitex/registry-etcd/Hello/";

  private final StoredKeys keys = new StoredKeys(server.etcd());

  private void put(String key, byte[] value) {
    GrpcEtcdClient client =
        peers.closing(
            GrpcEtcdClient.create(
                new EtcdClientConfig(
                    List.of(Endpoint.parse(server.endpoint())),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(30),
                    false)));
    Txn.Put put = new Txn.Put(ByteString.copyFromUtf8(key), ByteString.copyFrom(value), 0);
    client.txn(new Txn(List.of(), List.of(put), List.of())).join();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, byte[]> malformed() {
    Map<String, byte[]> values = new LinkedHashMap<>();
    values.put("empty", utf8(""));
    values.put("garbage", utf8("{{{["));
    values.put("not-an-object", utf8("[1,2]"));
    values.put("null", utf8("null"));
    values.put("wrong-types", utf8("{\"network\":1,\"address\":[],\"weight\":\"x\",\"tags\":7}"));
    values.put("no-port", utf8("{\"network\":\"tcp\",\"address\":\"127.0.0.1\",\"weight\":1}"));
    values.put(
        "bad-port", utf8("{\"network\":\"tcp\",\"address\":\"127.0.0.1:70000\",\"weight\":1}"));
    values.put("truncated-utf8", new byte[] {'{', '"', (byte) 0xe2, (byte) 0x82});
    values.put("deep", utf8("{\"a\":" + "[".repeat(2000) + "]".repeat(2000) + "}"));
    values.put(
        "large",
        utf8(
            value("127.0.0.1:9999", 1).replace("{}", "{\"a\":\"" + "x".repeat(65 * 1024) + "\"}")));
    return values;
  }

  @Test
  void malformedValuesAreSkippedAndReportedOnceAndTheirNeighboursKept() {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream out = System.out;
    try {
      System.setOut(new PrintStream(log, true, StandardCharsets.UTF_8));
      malformed().forEach((name, value) -> put(RANGE + name, value));
      keys.put(RANGE + "127.0.0.1:8001", value("127.0.0.1:8001", 10));
      ServiceView view =
          peers
              .resolver(config(server.endpoint()).antiEntropyPeriod(Duration.ofMillis(300)).build())
              .view("Hello");
      await().atMost(SOON).until(() -> view.snapshot().size() == 1);
      assertThat(view.snapshot().instances()).containsExactly(instance(8001));

      // by an event too, and a good one right after it
      put(RANGE + "late", utf8("{"));
      keys.put(RANGE + "127.0.0.1:8002", value("127.0.0.1:8002", 10));
      await().atMost(SOON).until(() -> view.snapshot().size() == 2);
      // a value that becomes good is used, one that becomes bad is not
      put(RANGE + "late", utf8(value("127.0.0.1:8003", 10)));
      put(RANGE + "127.0.0.1:8002", utf8("bad now"));
      await()
          .atMost(SOON)
          .until(() -> view.snapshot().instances().equals(List.of(instance(8001), instance(8003))));
      await().during(Duration.ofSeconds(1)).until(() -> view.snapshot().size() == 2);
    } finally {
      System.setOut(out);
    }
    String text = log.toString(StandardCharsets.UTF_8);
    malformed()
        .keySet()
        .forEach(name -> assertThat(text.split("skipped " + RANGE + name + ":", -1)).hasSize(2));
  }

  private void resolveFails(EtcdConfig config, Reason reason, String words) {
    assertThatThrownBy(() -> peers.resolver(config).resolve("Hello"))
        .isInstanceOfSatisfying(
            NoInstanceException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(RANGE)
        .hasMessageContaining(words);
  }

  @Test
  void emptyAnswerSaysWhyItIsEmpty() {
    EtcdConfig config = config(server.endpoint()).build();
    resolveFails(config, Reason.NO_KEY, "no key there");
    put(RANGE + "bad", utf8("bad"));
    put(RANGE + "worse", utf8("worse"));
    resolveFails(config, Reason.ALL_MALFORMED, "2 malformed");
    keys.put(RANGE + "127.0.0.1:8001", value("127.0.0.1:8001", 0));
    resolveFails(
        config(server.endpoint()).defaultWeight(0).build(), Reason.ALL_FILTERED, "1 filtered");
  }

  @Test
  void weightThatIsNotAboveZeroBecomesTheDefaultWeight() {
    keys.put(RANGE + "127.0.0.1:8001", value("127.0.0.1:8001", 0));
    keys.put(RANGE + "127.0.0.1:8002", value("127.0.0.1:8002", -7));
    keys.put(RANGE + "127.0.0.1:8003", value("127.0.0.1:8003", 3));
    assertThat(peers.resolver(server.endpoint()).resolve("Hello").instances())
        .extracting(Instance::weight)
        .containsExactly(10, 10, 3);
    assertThat(
            peers
                .resolver(config(server.endpoint()).defaultWeight(42).build())
                .resolve("Hello")
                .instances())
        .extracting(Instance::weight)
        .containsExactly(42, 42, 3);
    assertThat(
            peers
                .resolver(config(server.endpoint()).defaultWeight(0).build())
                .resolve("Hello")
                .instances())
        .extracting(Instance::port)
        .containsExactly(8003);
  }

  @Test
  void bothSpellingsOfAnIpv6AddressAreOneInstanceAndTheNewestCounts() {
    keys.put(RANGE + "[::1]:8001", value("[::1]:8001", 5));
    keys.put(RANGE + "::1:8001", value("::1:8001", 7));
    ServiceView view = peers.resolver(server.endpoint()).view("Hello");
    await().atMost(SOON).until(() -> view.snapshot().size() == 1);
    assertThat(view.snapshot().instances().get(0).address()).isEqualTo("[::1]:8001");
    assertThat(view.snapshot().instances().get(0).weight()).isEqualTo(7);
    keys.delete(RANGE + "::1:8001");
    await().atMost(SOON).until(() -> view.snapshot().instances().get(0).weight() == 5);
  }

  @Test
  void serviceWhoseNameBeginsAlikeIsAnotherService() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    TestPeers.registered(registry, "rand", 8001);
    TestPeers.registered(registry, "randpro", 8002);
    TestPeers.registered(registry, "服务", 8003);
    EtcdResolver resolver = peers.resolver(server.endpoint());
    assertThat(resolver.resolve("rand").instances()).containsExactly(instance(8001));
    assertThat(resolver.resolve("randpro").instances()).containsExactly(instance(8002));
    assertThat(resolver.resolve("服务").instances()).containsExactly(instance(8003));
  }

  @Test
  void serviceBelowAnotherInTheHertzLayoutIsAnotherService() {
    EtcdConfig hertz =
        config(server.endpoint()).layout(io.registryetcd.layout.Layout.hertz()).build();
    EtcdRegistry registry = peers.registry(hertz);
    TestPeers.registered(registry, "a", 8001);
    TestPeers.registered(registry, "a/b", 8002);
    EtcdResolver resolver = peers.resolver(hertz);
    assertThat(resolver.resolve("a").instances()).containsExactly(instance(8001));
    assertThat(resolver.resolve("a/b").instances()).containsExactly(instance(8002));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "a\u0000b", "a\nb", "a\u001b[31mb", "\ud800"})
  void nameThatIsIllegalIsRefusedByRegisterAndResolve(String name) {
    EtcdRegistry registry = peers.registry(server.endpoint());
    EtcdResolver resolver = peers.resolver(server.endpoint());
    assertThatThrownBy(() -> registry.register(name, instance(8001)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> resolver.resolve(name)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> resolver.view(name)).isInstanceOf(IllegalArgumentException.class);
    assertThat(registry.registrations()).isEmpty();
  }

  @Test
  void nameThatIsTooLongIsRefused() {
    EtcdRegistry registry = peers.registry(server.endpoint());
    assertThatThrownBy(() -> registry.register("x".repeat(256), instance(8001)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("255");
    TestPeers.registered(registry, "x".repeat(255), 8001);
  }
}
