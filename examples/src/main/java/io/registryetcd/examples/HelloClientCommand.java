package io.registryetcd.examples;

import com.google.gson.Gson;
import io.registryetcd.EtcdResolver;
import io.registryetcd.NoInstanceException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
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

  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);

  @Mixin private EtcdOptions etcd = new EtcdOptions();

  @Option(
      names = "--service",
      required = true,
      paramLabel = "NAME",
      description = "The name to look up.")
  private String service = "";

  @Option(names = "--calls", required = true, paramLabel = "N", description = "How many calls.")
  private int calls;

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
  private Transport transport = Transport.GRPC;

  @Spec private CommandSpec command = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    if (calls < 0 || interval < 0 || timeout <= 0) {
      throw new ParameterException(
          command.commandLine(), "--calls, --interval: not negative, --timeout: positive");
    }
    try (EtcdResolver resolver = EtcdResolver.create(etcd.config(Optional.empty()))) {
      boolean found = awaitInstances(resolver);
      try (HelloClient client = transport.client(service, resolver)) {
        if (found) {
          client.connect(CONNECT_LIMIT);
        }
        Tally tally = new Tally();
        for (int i = 1; i <= calls; i++) {
          callOnce(client, Integer.toString(i), tally);
          Thread.sleep(interval);
        }
        System.out.println(json(tally.counts()));
        return tally.counts().bad() > 0 ? 1 : 0;
      }
    }
  }

  /** So that the deadline of the first call is not spent on this. */
  private boolean awaitInstances(EtcdResolver resolver) {
    try {
      return !resolver.resolve(service).isEmpty();
    } catch (NoInstanceException e) {
      System.err.println(e.getMessage());
      return false;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
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
