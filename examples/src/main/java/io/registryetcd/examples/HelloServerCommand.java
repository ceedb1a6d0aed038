package io.registryetcd.examples;

import com.google.common.net.HostAndPort;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.Registration;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A hello server with a flag for everything. */
@Command(
    name = "hello-server",
    description = {
      "Answers each message with <id>|<message>, registered in etcd.",
      "Prints READY and the registered address. On SIGTERM it deregisters, serves on for the drain"
          + " delay, says NOT_SERVING, stops accepting, finishes calls and exits."
    })
final class HelloServerCommand implements Callable<Integer> {

  static final String READY = "READY ";
  static final String STEP = "STEP ";

  @Mixin private EtcdOptions etcd = new EtcdOptions();

  @Option(
      names = "--service",
      required = true,
      paramLabel = "NAME",
      description = "The name to register under.")
  private String service = "";

  @Option(
      names = "--listen",
      required = true,
      paramLabel = "HOST:PORT",
      converter = ListenAddress.class,
      description = "Where to listen; port 0 takes a free one.")
  private InetSocketAddress listen = new InetSocketAddress(0);

  @Option(names = "--id", required = true, paramLabel = "ID", description = "What it answers with.")
  private String id = "";

  @Option(
      names = "--advertise",
      paramLabel = "HOST:PORT",
      description = "The address to register, if it is not the one to listen on.")
  private Optional<String> advertise = Optional.empty();

  @Option(
      names = "--weight",
      paramLabel = "N",
      description = "Its share of the calls. Default: 10.")
  private int weight = 10;

  @Option(names = "--tags", split = ",", paramLabel = "KEY=VALUE", description = "Its tags.")
  private Map<String, String> tags = Map.of();

  @Option(
      names = "--ttl",
      paramLabel = "SECONDS",
      description = "Time to live of the lease. Default: 60.")
  private Optional<Integer> ttl = Optional.empty();

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      description = "One of ${COMPLETION-CANDIDATES}. Default: grpc.")
  private ServerTransport transport = ServerTransport.GRPC;

  @Option(
      names = "--drain",
      paramLabel = "SECONDS",
      description = "Time to serve on after SIGTERM. Default: 6.")
  private int drain = 6;

  @Option(
      names = "--steps",
      description = "Print each step of the registration too: STEP, time, state, reason.")
  private boolean steps;

  @Option(names = "--until-end-of-input", hidden = true)
  private boolean untilEndOfInput;

  @Spec private CommandSpec command = CommandSpec.create();

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintStream out = System.out;
    HelloSpec spec =
        new HelloSpec(id, service, listen, advertise, weight, tags, Duration.ofSeconds(drain));
    EtcdConfig config = etcd.config(ttl.map(Duration::ofSeconds));
    EtcdRegistry registry = EtcdRegistry.create(config);
    HelloServer server = start(spec, registry);
    server.shutdownOnExit();
    Registration registration = server.registration();
    if (steps) {
      registration.onStateChange(
          step -> out.println(STEP + Instant.now() + " " + step.to() + " " + step.reason()));
    }
    if (untilEndOfInput) {
      EndOfInput.then(() -> System.exit(0));
    }
    registration.whenRegistered().join();
    out.println(READY + registration.instance().address());
    server.awaitTermination();
    return 0;
  }

  private HelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException {
    try {
      return transport.start(spec, registry);
    } catch (IOException e) {
      registry.close();
      throw e;
    } catch (IllegalArgumentException e) {
      registry.close();
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }

  /** An empty host stands for all addresses. */
  static final class ListenAddress implements ITypeConverter<InetSocketAddress> {
    @Override
    public InetSocketAddress convert(String text) {
      HostAndPort address = HostAndPort.fromString(text);
      return address.getHost().isEmpty()
          ? new InetSocketAddress(address.getPort())
          : new InetSocketAddress(address.getHost(), address.getPort());
    }
  }
}
