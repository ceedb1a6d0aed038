package io.registryetcd.interop;

import static org.awaitility.Awaitility.await;

import io.registryetcd.examples.Program;
import io.registryetcd.testkit.TestEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Hello servers and clients of both sides around one etcd. Closing it ends all of them. */
final class Peers implements AutoCloseable {

  /** All ways to call. */
  static final List<String> TRANSPORTS =
      List.of("buffered", "framed", "ttheader", "ttheaderframed", "kitexpb", "grpc");

  /** How many connections Kitex's gRPC client makes to a server: 3/2 of its processors. */
  static final int CONNECTIONS_OF_KITEX_GRPC = 3;

  private static final Map<String, String> TWO_PROCESSORS = Map.of("GOMAXPROCS", "2");

  private final TestEtcd etcd;
  private final List<Program> programs = new ArrayList<>();

  Peers(TestEtcd etcd) {
    this.etcd = etcd;
  }

  /**
   * Starts a server that can be called by a transport; it is not ready yet. Kitex serves all of
   * them on one port, a Java process serves either gRPC or the others.
   */
  Program server(Side side, String transport, String service, String id, String... flags) {
    return server(side, Map.of(), transport, service, id, flags);
  }

  Program server(
      Side side,
      Map<String, String> environment,
      String transport,
      String service,
      String id,
      String... flags) {
    List<String> words =
        words("hello-server", "--service", service, "--id", id, "--until-end-of-input");
    words.addAll(List.of("--transport", transport.equals("grpc") ? "grpc" : "thrift"));
    if (!List.of(flags).contains("--listen")) {
      words.addAll(List.of("--listen", "127.0.0.1:0"));
    }
    words.addAll(List.of(flags));
    return started(side, environment, words);
  }

  /** Starts an HTTP server that is registered as Hertz does it, with weight 20 and a tag. */
  Program hertzServer(String service, String id) {
    return started(
        Side.GO,
        Map.of(),
        words(
            "hertz-peer",
            "--service",
            service,
            "--id",
            id,
            "--listen",
            "127.0.0.1:0",
            "--weight",
            "20",
            "--tags",
            "zone=a",
            "--until-end-of-input"));
  }

  /** Prints the key and the value that Go's encoder gives for an entry of Hertz. */
  Program hertzEntry(String service, String address, String weight, String tags) {
    return started(
        Side.GO,
        Map.of(),
        words(
            "hertz-peer",
            "--service",
            service,
            "--listen",
            address,
            "--weight",
            weight,
            "--tags",
            tags,
            "--print-entry"));
  }

  /** Starts a client. */
  Program client(Side side, String transport, String service, String... flags) {
    List<String> words =
        words("hello-client", "--service", service, "--transport", transport, "--timeout", "5000");
    if (side == Side.GO) {
      // Kitex's 50 ms are too few for a small machine; of a flag given twice the last one counts
      words.addAll(List.of("--connect-timeout", "5000"));
    }
    words.addAll(List.of(flags));
    return started(side, side == Side.GO ? TWO_PROCESSORS : Map.of(), words);
  }

  /**
   * Starts a client that calls until the end of its input, and returns once all of these servers
   * have answered it. A client that shares a small machine with others that start cannot be told
   * from one that waits too short a time for etcd.
   */
  Program callingClient(
      Side side,
      String transport,
      String service,
      List<String> ids,
      int interval,
      String... flags) {
    List<String> all =
        new ArrayList<>(
            List.of("--duration", "600", "--until-end-of-input", "--print-start", "--interval"));
    all.add(Integer.toString(interval));
    all.addAll(List.of(flags));
    Program client = client(side, transport, service, all.toArray(String[]::new));
    ids.forEach(id -> client.awaitLine(("CALLING " + id)::equals));
    return client;
  }

  /** Calls a number of times, and tells who answered. */
  Calls call(Side side, String transport, String service, int calls, String... flags) {
    List<String> all = new ArrayList<>(List.of("--calls", Integer.toString(calls)));
    all.addAll(List.of(flags));
    return Calls.of(client(side, transport, service, all.toArray(String[]::new)));
  }

  /**
   * Lets clients call for longer than it takes a Go client to look for changes, which it does each
   * 5 s.
   */
  static void goOnCalling() {
    await().pollDelay(Duration.ofSeconds(6)).atMost(Duration.ofSeconds(30)).until(() -> true);
  }

  private List<String> words(String program, String... flags) {
    List<String> words = new ArrayList<>(List.of(program, "--etcd", etcd.endpoint()));
    words.addAll(List.of(flags));
    return words;
  }

  private Program started(Side side, Map<String, String> environment, List<String> words) {
    Program program = side.start(environment, words);
    programs.add(program);
    return program;
  }

  @Override
  public void close() {
    programs.forEach(Program::close);
  }
}
