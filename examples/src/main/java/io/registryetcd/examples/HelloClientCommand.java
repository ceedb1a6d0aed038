package io.registryetcd.examples;

import com.google.gson.Gson;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.NoInstanceException;
import io.registryetcd.Snapshot;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Calls hello servers one call after the other, and counts who answered. */
@Command(
    name = "hello-client",
    description = {
      "Calls a service and prints as its last line, in JSON, who answered how often.",
      "Exit code 1 if a call failed."
    })
final class HelloClientCommand implements Callable<Integer> {

  private static final Duration WARM_UP_LIMIT = Duration.ofSeconds(5);

  @Mixin private EtcdOptions etcd = new EtcdOptions();

  @Option(
      names = "--service",
      required = true,
      paramLabel = "NAME",
      description = "The name to look up.")
  private String service = "";

  @ArgGroup(multiplicity = "1", exclusive = true)
  private Amount amount = new Amount();

  /** When to stop. */
  private static final class Amount {
    @Option(
        names = "--calls",
        paramLabel = "N",
        description = "How many calls, after those that open the connections.")
    private int calls = Integer.MAX_VALUE;

    @Option(
        names = "--duration",
        paramLabel = "SECONDS",
        description = "How long to call, instead of --calls.")
    private long duration = Integer.MAX_VALUE;

    @Option(
        names = "--list",
        split = ",",
        paramLabel = "TAG",
        description = "Call nobody: print the instances, each with those of these tags it has.")
    private List<String> tags = List.of();
  }

  @Option(
      names = "--interval",
      paramLabel = "MS",
      description = "Pause after each call. Default: 0.")
  private long interval;

  @Option(
      names = "--timeout",
      paramLabel = "MS",
      description = "Deadline of each call. Default: 1000.")
  private long timeout = 1000;

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      description = "One of ${COMPLETION-CANDIDATES}. Default: grpc.")
  private ClientTransport transport = ClientTransport.GRPC;

  @Option(
      names = "--hold",
      paramLabel = "SECONDS",
      description = "How long to keep instances that vanished all at once. Default: 15.")
  private Optional<Integer> hold = Optional.empty();

  @Option(
      names = "--print-start",
      description = "Print CALLING and its id when a server answers for the first time.")
  private boolean printStart;

  @Option(names = "--until-end-of-input", hidden = true)
  private boolean untilEndOfInput;

  private volatile boolean ended;

  @Spec private CommandSpec command = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    if (amount.calls < 0 || amount.duration < 0 || interval < 0 || timeout <= 0) {
      throw new ParameterException(
          command.commandLine(),
          "--calls, --duration, --interval: not negative, --timeout: positive");
    }
    if (untilEndOfInput) {
      EndOfInput.then(() -> ended = true);
    }
    try (EtcdResolver resolver =
        EtcdResolver.create(etcd.config(Optional.empty(), hold.map(Duration::ofSeconds)))) {
      if (!amount.tags.isEmpty()) {
        list(resolver.resolve(service));
        return 0;
      }
      int servers = awaitInstances(resolver);
      try (HelloClient client = transport.open(service, resolver)) {
        client.warmUp(servers, WARM_UP_LIMIT);
        Tally.Counts counts = callRepeatedly(client);
        System.out.println(json(counts));
        return counts.bad() > 0 ? 1 : 0;
      }
    }
  }

  private void list(Snapshot snapshot) {
    for (Instance instance : snapshot) {
      String tags =
          amount.tags.stream()
              .filter(instance.tags()::containsKey)
              .map(tag -> tag + "=" + instance.tags().get(tag))
              .collect(Collectors.joining(","));
      System.out.println("INSTANCE " + instance.address() + " " + instance.weight() + " " + tags);
    }
  }

  /** So that the deadline of the first call is not spent on this. */
  private int awaitInstances(EtcdResolver resolver) {
    try {
      return resolver.resolve(service).size();
    } catch (NoInstanceException e) {
      System.err.println(e.getMessage());
      return 0;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }

  private Tally.Counts callRepeatedly(HelloClient client) throws InterruptedException {
    Tally tally = new Tally();
    Set<String> seen = new HashSet<>();
    long end = System.nanoTime() + Duration.ofSeconds(amount.duration).toNanos();
    for (int i = 1; i <= amount.calls && System.nanoTime() < end && !ended; i++) {
      callOnce(client, Integer.toString(i), tally);
      if (printStart) {
        tally.counts().byInstance().keySet().stream()
            .filter(seen::add)
            .forEach(id -> System.out.println("CALLING " + id));
      }
      Thread.sleep(interval);
    }
    return tally.counts();
  }

  private void callOnce(HelloClient client, String message, Tally tally) {
    try {
      tally.answered(message, client.call(message, Duration.ofMillis(timeout)));
    } catch (RuntimeException e) {
      tally.failed();
      System.err.println("call " + message + ": " + e.getMessage());
    }
  }

  private String json(Tally.Counts counts) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("transport", transport.toString());
    fields.put("calls", counts.calls());
    fields.put("bad", counts.bad());
    fields.put("by_instance", counts.byInstance());
    return new Gson().toJson(fields);
  }
}
