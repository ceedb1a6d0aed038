package io.registryetcd.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.examples.Program;
import io.registryetcd.testkit.TestEtcd;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers and clients of both sides in their normal life. */
@ExtendWith(RequiresGo.class)
class CallsTest {

  static final List<String> TRANSPORTS = Peers.TRANSPORTS;

  private static TestEtcd etcd;
  private static Peers peers;

  @BeforeAll
  static void startServers() {
    etcd = TestEtcd.start();
    peers = new Peers(etcd);
    // first: a Go server ends if etcd does not answer within 3 s
    List<Program> go =
        List.of(
            peers.server(Side.GO, "framed", both("framed"), "go-30", "--weight", "30"),
            peers.server(Side.GO, "grpc", both("grpc"), "go-30", "--weight", "30"),
            peers.server(Side.GO, "framed", "Go", "go"));
    go.forEach(Program::awaitReady);
    List<Program> java =
        Stream.of("framed", "grpc")
            .flatMap(
                transport ->
                    Stream.of(
                        peers.server(Side.JAVA, transport, "Java-" + port(transport), "java"),
                        peers.server(
                            Side.JAVA, transport, both(transport), "java-10", "--weight", "10"),
                        peers.server(
                            Side.JAVA, transport, both(transport), "java-20", "--weight", "20")))
            .toList();
    java.forEach(Program::awaitReady);
  }

  @AfterAll
  static void endServers() {
    peers.close();
    etcd.close();
  }

  /** A Java process serves either gRPC or the others. */
  private static String port(String transport) {
    return transport.equals("grpc") ? "grpc" : "thrift";
  }

  private static String both(String transport) {
    return "Both-" + port(transport);
  }

  @DisplayName("K1 Java server, Go client")
  @ParameterizedTest(name = "{0}")
  @FieldSource("TRANSPORTS")
  void javaServerIsCalledByGoClient(String transport) {
    Calls calls = peers.call(Side.GO, transport, "Java-" + port(transport), 100);
    assertThat(calls).isEqualTo(new Calls(transport, 100, 0, Map.of("java", 100)));
  }

  @DisplayName("K2 Go server, Java client")
  @ParameterizedTest(name = "{0}")
  @FieldSource("TRANSPORTS")
  void goServerIsCalledByJavaClient(String transport) {
    Calls calls = peers.call(Side.JAVA, transport, "Go", 100);
    assertThat(calls).isEqualTo(new Calls(transport, 100, 0, Map.of("go", 100)));
  }

  static Stream<Arguments> clients() {
    return Stream.of(Side.values())
        .flatMap(side -> TRANSPORTS.stream().map(transport -> Arguments.of(side, transport)));
  }

  @DisplayName("K3 both behind one name, weights 30:10:20")
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("clients")
  void callsAreSharedByWeight(Side side, String transport) {
    // a pause, because a gRPC client that has one connection gives it all calls
    Calls calls = peers.call(side, transport, both(transport), 600, "--interval", "1");
    assertThat(calls.bad()).isZero();
    Offset<Integer> fivePercent = Offset.offset(30);
    assertThat(calls.byInstance()).containsOnlyKeys("go-30", "java-10", "java-20");
    assertThat(calls.byInstance().get("go-30")).isCloseTo(300, fivePercent);
    assertThat(calls.byInstance().get("java-10")).isCloseTo(100, fivePercent);
    assertThat(calls.byInstance().get("java-20")).isCloseTo(200, fivePercent);
  }
}
