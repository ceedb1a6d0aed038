package io.registryetcd.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import io.registryetcd.examples.Program;
import io.registryetcd.testkit.TestEtcd;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** What is not a plain answer: a Go client at a Java server. */
@ExtendWith(RequiresGo.class)
class GoClientErrorsTest {

  static final List<String> TRANSPORTS = Peers.TRANSPORTS;
  static final List<String> THRIFT = TRANSPORTS.subList(0, 4);

  private static TestEtcd etcd;
  private static Peers peers;

  @BeforeAll
  static void startServers() {
    etcd = TestEtcd.start();
    peers = new Peers(etcd);
    List<Program> servers =
        List.of(
            peers.server(Side.JAVA, "framed", "Hello", "java"),
            peers.server(Side.JAVA, "grpc", "HelloGrpc", "java"));
    servers.forEach(Program::awaitReady);
  }

  @AfterAll
  static void endServers() {
    peers.close();
    etcd.close();
  }

  private static String service(String transport) {
    return transport.equals("grpc") ? "HelloGrpc" : "Hello";
  }

  /** What the client saw, a line for each thing: RESULT number kind detail, BACK key=value. */
  private static List<String> seen(String transport, String... flags) {
    String[] all =
        Stream.concat(Stream.of("--calls", "1", "--verbose"), Stream.of(flags))
            .toArray(String[]::new);
    Program client = peers.client(Side.GO, transport, service(transport), all);
    client.awaitEnd();
    return client.lines().stream().filter(line -> !line.startsWith("{")).toList();
  }

  @DisplayName("K11 declared exception: Go client")
  @ParameterizedTest(name = "{0}")
  @FieldSource("THRIFT")
  void declaredException(String transport) {
    assertThat(seen(transport, "--method", "strict", "--message", "refuse"))
        .containsExactly("RESULT 1 declared 7 refused");
  }

  @DisplayName("K11 undeclared: Go client")
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "buffered,biz error: boom (code 6)",
    "framed,biz error: boom (code 6)",
    "ttheader,biz error: boom (code 6)",
    "ttheaderframed,biz error: boom (code 6)",
    "kitexpb,biz error: boom (code 6)",
    "grpc,code = 2"
  })
  void undeclaredException(String transport, String expected) {
    assertThat(seen(transport, "--message", "boom"))
        .first(STRING)
        .startsWith("RESULT 1 error")
        .contains(expected);
  }

  @DisplayName("K11 unknown method: Go client")
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "buffered,code 20",
    "framed,code 20",
    "ttheader,code 1",
    "ttheaderframed,code 1",
    "kitexpb,code 1",
    "grpc,code = 12"
  })
  void unknownMethod(String transport, String expected) {
    assertThat(seen(transport, "--method", "nosuch", "--message", "hi"))
        .first(STRING)
        .startsWith("RESULT 1 error")
        .contains(expected);
  }

  @DisplayName("K11 unknown service: Go client")
  @ParameterizedTest(name = "{0}")
  @CsvSource({"ttheader,code 20", "ttheaderframed,code 20", "kitexpb,code 20", "grpc,code = 12"})
  void unknownService(String transport, String expected) {
    assertThat(seen(transport, "--idl-service", "Nope", "--method", "nosuch", "--message", "hi"))
        .first(STRING)
        .startsWith("RESULT 1 error")
        .contains(expected);
  }

  @DisplayName("K11 biz status: Go client")
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "buffered,RESULT 1 error,code 6",
    "framed,RESULT 1 error,code 6",
    "ttheader,RESULT 1 biz 1001 biz k=v,k=v",
    "ttheaderframed,RESULT 1 biz 1001 biz k=v,k=v",
    "kitexpb,RESULT 1 biz 1001 biz k=v,k=v",
    "grpc,RESULT 1 biz 1001 biz k=v,k=v"
  })
  void bizStatus(String transport, String start, String part) {
    assertThat(seen(transport, "--message", "biz")).first(STRING).startsWith(start).contains(part);
  }

  @DisplayName("K11 oneway: Go client")
  @ParameterizedTest(name = "{0}")
  @FieldSource("THRIFT")
  void onewayCallsRun(String transport) {
    int before = fired();
    seen(transport, "--method", "fire", "--calls", "10");
    await().until(() -> fired() == before + 10);
  }

  private static int fired() {
    String line = seen("framed", "--message", "fired").get(0);
    return Integer.parseInt(line.substring(line.indexOf('|') + 1));
  }

  @DisplayName("K11 8 MiB payload: Go client")
  @ParameterizedTest(name = "{0}")
  @FieldSource("TRANSPORTS")
  void largePayload(String transport) {
    Calls calls =
        peers.call(
            Side.GO,
            transport,
            service(transport),
            3,
            "--timeout",
            "30000",
            "--payload",
            "8388608");
    assertThat(calls.byInstance()).isEqualTo(Map.of("java", 3));
  }

  @DisplayName("K11 1,000 concurrent calls: Go client")
  @ParameterizedTest(name = "{0}")
  @FieldSource("TRANSPORTS")
  void manyConcurrentCalls(String transport) {
    Calls calls =
        peers.call(
            Side.GO,
            transport,
            service(transport),
            1000,
            "--concurrency",
            "1000",
            "--timeout",
            "30000",
            "--connect-timeout",
            "10000",
            "--message",
            "sleep:200");
    assertThat(calls.byInstance()).isEqualTo(Map.of("java", 1000));
  }

  @DisplayName("K11 metadata both ways: Go client")
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "ttheader,BACK BK=bv",
    "ttheaderframed,BACK BK=bv",
    "kitexpb,BACK BK=bv",
    "grpc,BACK bk=bv"
  })
  void metadataBothWays(String transport, String back) {
    List<String> seen =
        seen(
            transport,
            "--message",
            "meta",
            "--caller",
            "go-client",
            "--persist",
            "PK=pv",
            "--transit",
            "TK=tv");
    assertThat(seen.get(0))
        .startsWith("RESULT 1 ok java|caller=go-client,")
        .containsIgnoringCase("persist:PK=pv")
        .containsIgnoringCase("transit:TK=tv");
    assertThat(seen).contains(back);
  }
}
