package io.registryetcd.examples;

import io.registryetcd.EtcdConfig;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The flags that say where etcd is, and who we are to it. */
final class EtcdOptions {

  /** For the first answer of etcd: a program that only calls has nothing to do without it. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  @Option(
      names = "--etcd",
      required = true,
      paramLabel = "HOST:PORT[,...]",
      description = "Where etcd listens.")
  private String endpoints = "";

  @Option(
      names = "--prefix",
      paramLabel = "PREFIX",
      description = "Prefix of the keys; may be empty. Default: kitex/registry-etcd.")
  private Optional<String> prefix = Optional.empty();

  @Option(names = "--user", paramLabel = "USER", description = "User of etcd.")
  private @Nullable String user;

  @Option(names = "--password", paramLabel = "PASSWORD", description = "Password of the user.")
  private @Nullable String password;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command = CommandSpec.create();

  EtcdConfig config(Optional<Duration> leaseTtl) {
    return config(leaseTtl, Optional.empty());
  }

  EtcdConfig config(Optional<Duration> leaseTtl, Optional<Duration> holdTime) {
    try {
      EtcdConfig.Builder config =
          EtcdConfig.builder().endpoints(endpoints.split(",", -1)).resolveTimeout(PATIENCE);
      prefix.ifPresent(config::prefix);
      leaseTtl.ifPresent(config::leaseTtl);
      holdTime.ifPresent(config::holdTime);
      if (user != null && password != null) {
        config.user(user, password).allowPlaintextPassword();
      } else if (user != null || password != null) {
        throw new IllegalArgumentException("--user and --password go together");
      }
      return config.build();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }
}
