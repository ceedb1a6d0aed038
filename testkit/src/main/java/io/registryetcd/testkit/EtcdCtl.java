package io.registryetcd.testkit;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** etcdctl with the flags that this etcd needs: its endpoint, its certificates, and the user. */
final class EtcdCtl {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  // etcdctl's own limits of 2 s and 5 s are for people, not for a machine that stands still
  private static final String DIAL_TIMEOUT = "--dial-timeout=30s";
  private static final String COMMAND_TIMEOUT = "--command-timeout=30s";

  private final EtcdConfig config;
  private final String endpoint;
  // "user:password"; an environment variable, because anyone can read arguments
  private volatile @Nullable String credentials;

  EtcdCtl(EtcdConfig config, String endpoint) {
    this.config = config;
    this.endpoint = endpoint;
  }

  void login(String user, String password) {
    credentials = user + ":" + password;
  }

  void logout() {
    credentials = null;
  }

  boolean isLoggedIn() {
    return credentials != null;
  }

  String run(List<String> arguments) {
    List<String> words = new ArrayList<>();
    words.add(config.binary().ctl().toString());
    // etcdctl would use both, ours and that of the caller, as one cluster
    if (!names(arguments, "--endpoints")) {
      words.add("--endpoints=" + config.scheme() + "://" + endpoint);
    }
    words.add(DIAL_TIMEOUT);
    if (!names(arguments, "--command-timeout")) {
      words.add(COMMAND_TIMEOUT);
    }
    words.addAll(tlsFlags());
    words.addAll(arguments);
    Command command = Command.of(words).with("ETCDCTL_API", "3").within(LIMIT);
    String user = credentials;
    // etcdctl 3.4 refuses an option that is given in both ways
    if (user != null && !names(arguments, "--user")) {
      command.with("ETCDCTL_USER", user);
    }
    return command.output();
  }

  private static boolean names(List<String> arguments, String option) {
    return arguments.stream().anyMatch(argument -> argument.startsWith(option));
  }

  /** Offline, into a data directory that does not exist. */
  void restore(Path snapshot, EtcdMember member, String initialCluster) {
    Path program = config.binary().utl().orElse(config.binary().ctl());
    Command.of(
            program.toString(),
            "snapshot",
            "restore",
            snapshot.toString(),
            "--name=" + member.name(),
            "--data-dir=" + member.data(),
            "--initial-cluster=" + initialCluster,
            "--initial-advertise-peer-urls=" + member.peerUrl())
        .with("ETCDCTL_API", "3")
        .within(LIMIT)
        .output();
  }

  private List<String> tlsFlags() {
    TestCertificates certificates = config.certificates();
    if (certificates == null) {
      return List.of();
    }
    List<String> flags = new ArrayList<>();
    flags.add("--cacert=" + certificates.authority());
    if (config.clientCertificateRequired()) {
      flags.add("--cert=" + certificates.client().certificate());
      flags.add("--key=" + certificates.client().key());
    }
    return flags;
  }
}
