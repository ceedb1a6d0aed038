package io.registryetcd.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Registration.State;
import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.TestEtcd;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** hello-server and hello-client as processes of their own. */
class HelloTest {

  private static final Duration WARM_UP_LIMIT = Duration.ofSeconds(10);

  @RegisterExtension static final EtcdExtension EXTENSION = EtcdExtension.create();

  private final TestEtcd etcd = EXTENSION.etcd();

  @Test
  void callsAreSharedByWeight() {
    try (Program a = server("a", "--weight", "30");
        Program b = server("b", "--weight", "10")) {
      a.awaitReady();
      b.awaitReady();
      try (Program client = client("--calls", "400")) {
        assertThat(client.awaitEnd()).as(client::toString).isZero();
        JsonObject result = json(client);
        assertThat(result.keySet()).containsExactly("transport", "calls", "bad", "by_instance");
        assertThat(result.get("transport").getAsString()).isEqualTo("grpc");
        assertThat(result.get("calls").getAsInt()).isEqualTo(400);
        assertThat(result.get("bad").getAsInt()).isZero();
        JsonObject shares = result.getAsJsonObject("by_instance");
        assertThat(shares.toString()).isEqualTo("{\"a\":300,\"b\":100}");
      }
    }
  }

  @Test
  void kitexServersAreCalledInEachProtocolByWeight() {
    try (Program a = server("a", "--transport", "thrift", "--weight", "30");
        Program b = server("b", "--transport", "thrift", "--weight", "10")) {
      a.awaitReady();
      b.awaitReady();
      for (String transport :
          List.of("buffered", "framed", "ttheader", "ttheaderframed", "kitexpb")) {
        try (Program client = client("--calls", "40", "--transport", transport)) {
          assertThat(client.awaitEnd()).as(client::toString).isZero();
          JsonObject result = json(client);
          assertThat(result.get("transport").getAsString()).isEqualTo(transport);
          assertThat(result.getAsJsonObject("by_instance").toString())
              .isEqualTo("{\"a\":30,\"b\":10}");
        }
      }
    }
  }

  @Test
  void kitexServerStoppedUnderLoadLosesNoCall() throws InterruptedException {
    try (Program a = server("a", "--transport", "thrift");
        Program b = server("b", "--transport", "thrift", "--drain", "1");
        EtcdResolver resolver = EtcdResolver.create(etcd.endpoint())) {
      a.awaitReady();
      b.awaitReady();
      try (HelloClient client = ClientTransport.FRAMED.open("Hello", resolver);
          Caller caller = new Caller(client)) {
        client.warmUp(2, WARM_UP_LIMIT);
        caller.start();
        caller.awaitAnswerOf("b");
        b.terminate();
        b.awaitEnd();
        caller.stop();
        assertThat(caller.take().bad()).isZero();
      }
    }
  }

  @Test
  void serverStoppedUnderLoadLosesNoCall() throws InterruptedException {
    try (Program a = server("a");
        Program b = server("b", "--drain", "2", "--steps");
        EtcdResolver resolver = EtcdResolver.create(etcd.endpoint())) {
      a.awaitReady();
      b.awaitReady();
      try (HelloClient client = ClientTransport.GRPC.open("Hello", resolver);
          Caller caller = new Caller(client)) {
        client.warmUp(2, WARM_UP_LIMIT);
        caller.start();
        caller.awaitAnswerOf("b");
        CompletableFuture<Instant> end = b.handle().onExit().thenApply(exited -> Instant.now());
        b.terminate();
        b.awaitEnd();
        assertThat(Duration.between(timeOfStep(b, State.CLOSED), end.join()))
            .as("serves on without its key")
            .isGreaterThanOrEqualTo(Duration.ofSeconds(1));

        Tally.Counts before = caller.take();
        caller.awaitCalls(2);
        Tally.Counts around = caller.take(); // one of them may be the last that b has answered
        caller.awaitCalls(2);
        caller.stop();
        Tally.Counts after = caller.take();
        assertThat(before.byInstance()).containsOnlyKeys("a", "b");
        assertThat(after.byInstance()).containsOnlyKeys("a");
        assertThat(before.bad() + around.bad() + after.bad()).isZero();
      }
    }
  }

  @Test
  void stoppedServerLeavesNothingInEtcd() {
    try (Program server = server("a", "--drain", "0")) {
      server.awaitReady();
      assertThat(etcd.etcdctl("lease", "list")).contains("found 1 leases");
      server.terminate();
      server.awaitEnd();
      assertThat(etcd.etcdctl("get", "--prefix", "")).isEmpty();
      assertThat(etcd.etcdctl("lease", "list")).contains("found 0 leases");
    }
  }

  @Test
  void stoppedServerEndsItsOrderAlsoWhenEtcdIsAway() {
    try (Program server = server("a", "--drain", "0")) {
      server.awaitReady();
      etcd.kill();
      server.terminate();
      server.awaitEnd();
    } finally {
      etcd.restart();
    }
  }

  @Test
  void flagsReachTheKeyAndItsValue() {
    try (Program server =
        server(
            "a",
            "--advertise=10.0.0.5:8888",
            "--weight=7",
            "--tags=zone=a,color=red",
            "--prefix=other/prefix",
            "--ttl=5")) {
      assertThat(server.awaitReady()).isEqualTo("10.0.0.5:8888");
      JsonObject value =
          JsonParser.parseString(
                  etcd.etcdctl("get", "--print-value-only", "other/prefix/Hello/10.0.0.5:8888"))
              .getAsJsonObject();
      assertThat(value.get("network").getAsString()).isEqualTo("tcp");
      assertThat(value.get("address").getAsString()).isEqualTo("10.0.0.5:8888");
      assertThat(value.get("weight").getAsInt()).isEqualTo(7);
      assertThat(value.getAsJsonObject("tags").toString())
          .isEqualTo("{\"color\":\"red\",\"zone\":\"a\"}");
    }
  }

  @Test
  void emptyPrefixIsUnderstoodByBoth() {
    try (Program server = server("a", "--prefix", "")) {
      String address = server.awaitReady();
      assertThat(etcd.etcdctl("get", "--keys-only", "/Hello/" + address)).contains(address);
      try (Program client = client("--calls", "1", "--prefix", "")) {
        assertThat(client.awaitEnd()).as(client::toString).isZero();
      }
    }
  }

  @Test
  void userAndPasswordAreUsed() {
    etcd.enableAuth("secret");
    try (Program server = server("a", "--user", "root", "--password", "secret")) {
      server.awaitReady();
      try (Program client = client("--calls", "1", "--user", "root", "--password", "secret")) {
        assertThat(client.awaitEnd()).as(client::toString).isZero();
      }
    } finally {
      etcd.disableAuth();
    }
  }

  @Test
  void clientWithFailedCallsExitsWith1() {
    try (Program client = client("--calls", "3", "--timeout", "200")) {
      assertThat(client.awaitEnd()).isEqualTo(1);
      assertThat(client.lastLine())
          .isEqualTo("{\"transport\":\"grpc\",\"calls\":3,\"bad\":3,\"by_instance\":{}}");
      assertThat(client.errors()).contains("no instance");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no-such-example",
        "hello-server",
        "hello-server --etcd h:1 --service S --id a --listen 127.0.0.1:x",
        "hello-server --etcd h:1 --service S --id a --listen 127.0.0.1:0 --no-such-flag",
        "hello-server --etcd h:1 --service S --id a --listen 127.0.0.1:0 --user u",
        "hello-server --etcd h:1 --service S --id a --listen 127.0.0.1:0 --ttl 0",
        "hello-server --etcd h:1 --service S --id a --listen 127.0.0.1:0 --drain -1",
        "hello-server --etcd h:1 --service a/b --id a --listen 127.0.0.1:0",
        "hello-client --etcd h:1 --service S --calls many",
        "hello-client --etcd h:1 --service S --calls -1",
        "hello-client --etcd h:1 --service a/b --calls 1",
        "hello-client --etcd h:x --service S --calls 1",
        "hello-client --etcd h:1 --service S --calls 1 --transport pigeon"
      })
  void badFlagsExitWithUsageAnd2(String line) {
    StringWriter errors = new StringWriter();
    CommandLine program = Examples.program().setErr(new PrintWriter(errors));
    String[] arguments = line.isEmpty() ? new String[0] : line.split(" ", -1);
    assertThat(program.execute(arguments)).isEqualTo(2);
    assertThat(errors.toString()).contains("Usage: examples/run");
  }

  @Test
  void helpIsNoError() {
    try (Program program = Program.example("hello-server", "--help")) {
      assertThat(program.awaitEnd()).isZero();
      assertThat(String.join("\n", program.lines())).contains("Usage: examples/run hello-server");
    }
  }

  @Test
  void takenPortIsToldInOneLine() {
    try (Program server = server("a")) {
      String address = server.awaitReady();
      try (Program second =
          Program.example(
              "hello-server",
              "--etcd",
              etcd.endpoint(),
              "--service=Hello",
              "--listen=" + address,
              "--id=b")) {
        assertThat(second.awaitEnd()).isEqualTo(1);
        assertThat(second.errors().lines()).singleElement().asString().contains(address);
      }
    }
  }

  private Program server(String id, String... more) {
    List<String> words = new ArrayList<>(List.of("hello-server", "--etcd", etcd.endpoint()));
    words.addAll(List.of("--service", "Hello", "--listen", "127.0.0.1:0", "--id", id));
    words.addAll(List.of(more));
    return Program.example(words.toArray(String[]::new));
  }

  private Program client(String... more) {
    List<String> words = new ArrayList<>(List.of("hello-client", "--etcd", etcd.endpoint()));
    words.addAll(List.of("--service", "Hello"));
    words.addAll(List.of(more));
    return Program.example(words.toArray(String[]::new));
  }

  /** When a server has reached a state, by its own account. */
  private static Instant timeOfStep(Program server, State state) {
    return server.lines().stream()
        .map(line -> line.split(" ", -1))
        .filter(words -> words[0].equals("STEP") && words[2].equals(state.toString()))
        .map(words -> Instant.parse(words[1]))
        .findFirst()
        .orElseThrow();
  }

  private static JsonObject json(Program client) {
    return JsonParser.parseString(client.lastLine()).getAsJsonObject();
  }
}
