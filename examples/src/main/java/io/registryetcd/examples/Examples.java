package io.registryetcd.examples;

import io.registryetcd.RegistryException;
import io.registryetcd.testkit.TestEtcdException;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ScopeType;

/** Starts an example by its name. */
@Command(
    name = "examples/run",
    description = "Examples of registry-etcd. NAME --help tells the flags of each.",
    synopsisSubcommandLabel = "NAME",
    subcommands = {
      HelloServerCommand.class,
      HelloClientCommand.class,
      SimpleServer.class,
      SimpleClient.class,
      RetryServer.class,
      AuthServer.class,
      AuthClient.class,
      DefaultWeightClient.class,
      EnvironmentServer.class,
      FixedAddressServer.class,
      TlsServer.class,
      TlsClient.class
    })
final class Examples {

  // a field, because a logger that nobody holds forgets its level
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  private Examples() {}

  public static void main(String[] args) {
    System.exit(program().execute(args));
  }

  static CommandLine program() {
    return program(new Examples());
  }

  /**
   * Bad flags end with usage and exit code 2, what etcd or the network refuses with a line and 1.
   */
  static CommandLine program(Object command) {
    GRPC.setLevel(Level.SEVERE); // it adds a stack trace to failures that are printed anyway
    CommandLine program = new CommandLine(command);
    program.getCommandSpec().addOption(help());
    return program
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(
            (exception, words) -> {
              CommandLine line = exception.getCommandLine();
              line.getErr().println(exception.getMessage());
              line.usage(line.getErr());
              return line.getCommandSpec().exitCodeOnInvalidInput();
            })
        .setExecutionExceptionHandler(
            (exception, line, parsed) -> {
              Throwable cause =
                  exception instanceof CompletionException && exception.getCause() != null
                      ? exception.getCause()
                      : exception;
              if (!isExpected(cause)) {
                throw exception;
              }
              line.getErr().println(line.getCommandName() + ": " + cause.getMessage());
              return line.getCommandSpec().exitCodeOnExecutionException();
            });
  }

  /** Its message says all; a stack trace would add nothing. */
  private static boolean isExpected(Throwable cause) {
    return cause instanceof RegistryException
        || cause instanceof TestEtcdException
        || cause instanceof IOException;
  }

  private static OptionSpec help() {
    return OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .scopeType(ScopeType.INHERIT)
        .description("Show this help.")
        .build();
  }
}
