package io.registryetcd;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Does what involves secrets, well and badly, and prints whatever can be printed of it. */
final class TalkativeProgram {

  static final String PASSWORD = "canary-right-password";
  static final String WRONG_PASSWORD = "canary-wrong-password";

  private TalkativeProgram() {}

  /**
   * Arguments: endpoint of an etcd with a user "server", endpoint where nothing listens, a key
   * file.
   */
  public static void main(String[] arguments) {
    ChildJvm.endWithParent();
    String endpoint = arguments[0];
    run(config(endpoint, PASSWORD));
    run(config(endpoint, WRONG_PASSWORD));
    run(config(arguments[1], PASSWORD));
    EtcdConfig failing =
        EtcdConfig.builder()
            .endpoints(endpoint)
            .credentials(
                () -> {
                  throw new IllegalStateException("no secret today");
                })
            .build();
    run(failing);
    System.out.println(new Credentials("server", PASSWORD));
    System.out.println(Optional.of(new Credentials("server", WRONG_PASSWORD)));
    print(() -> EtcdConfig.builder().endpoints("10.0.0.1:2379").user("server", PASSWORD).build());
    print(
        () ->
            EtcdRegistry.create(
                EtcdConfig.builder()
                    .endpoints("https://" + endpoint)
                    .user("server", PASSWORD)
                    .tls(
                        TlsConfig.systemTrust()
                            .withClientCertificate(Path.of(arguments[2]), Path.of(arguments[2])))
                    .build()));
    System.out.println("finished");
  }

  private static EtcdConfig config(String endpoint, String password) {
    return EtcdConfig.builder()
        .endpoints(endpoint)
        .user("server", password)
        .leaseTtl(Duration.ofSeconds(2))
        .resolveTimeout(Duration.ofSeconds(1))
        .build();
  }

  private static void run(EtcdConfig config) {
    System.out.println(config);
    try (EtcdRegistry registry = EtcdRegistry.create(config);
        EtcdResolver resolver = EtcdResolver.create(config)) {
      Registration hello = registry.register("Hello", Instance.of("127.0.0.1", 8001));
      hello.onStateChange(System.out::println);
      print(() -> hello.await(Duration.ofSeconds(2)));
      print(() -> resolver.resolve("Hello"));
      System.out.println(hello + " " + hello.problem() + " " + resolver.name());
    }
  }

  private static void print(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      e.printStackTrace(System.out);
    }
  }
}
