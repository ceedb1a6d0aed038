package io.registryetcd.etcd;

import static io.registryetcd.etcd.Clients.failure;
import static io.registryetcd.etcd.Clients.get;
import static io.registryetcd.etcd.Clients.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.EtcdClientConfig.Credentials;
import io.registryetcd.testkit.TestEtcd;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * No password and no token in any log or error, tried in a JVM of its own that logs all of ours.
 */
class SecretsTest {

  private static final String RIGHT = "canary-right";
  private static final String WRONG = "canary-wrong";

  @Test
  void noLogAndNoErrorHoldsAPassword()
      throws IOException, InterruptedException, URISyntaxException {
    try (TestEtcd etcd = TestEtcd.start()) {
      etcd.enableAuth(RIGHT);
      Process child =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Dorg.slf4j.simpleLogger.log.io.registryetcd=trace",
                  "-cp",
                  classPath(),
                  SecretsTest.class.getName(),
                  etcd.endpoint())
              .redirectErrorStream(true)
              .start();
      String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(output)
          .contains("finished")
          .contains("user name or password is wrong")
          .contains("DEBUG io.registryetcd.etcd")
          .doesNotContain("canary");
    }
  }

  @Test
  void secretsAreHiddenInTexts() {
    assertThat(new Credentials("user", RIGHT).toString()).doesNotContain("canary");
    assertThat(new Token(RIGHT)).hasToString("token ***");
    assertThat(
            Clients.config(
                    Optional.of(() -> new Credentials("user", RIGHT)), Optional.empty(), "a:1")
                .toString())
        .doesNotContain("canary");
  }

  /** What the child does. */
  public static void main(String[] arguments) {
    String endpoint = arguments[0];
    try (GrpcEtcdClient client =
        Clients.client(() -> new Credentials("root", RIGHT), endpoint, "127.0.0.1:1")) {
      get(client.range(key("a")));
      client.leaveEndpoint(endpoint, "test");
      for (int i = 0; i < 3; i++) {
        client.range(key("a")).handle((response, e) -> print(e)).join();
      }
    }
    try (GrpcEtcdClient client = Clients.client(() -> new Credentials("root", WRONG), endpoint)) {
      failure(client.range(key("a"))).printStackTrace();
      failure(client.range(key("a"))).printStackTrace();
      RecordingWatchListener told = new RecordingWatchListener();
      client.openWatchStream(told).watch(1, KeyRange.prefix("a/"), 0);
      told.next(RecordingWatchListener.Ended.class).cause().printStackTrace();
    }
    System.out.println("finished");
  }

  private static Object print(Throwable e) {
    if (e != null) {
      e.printStackTrace();
    }
    return "";
  }

  /** Both paths of this JVM, and the folders of the main and the test classes. */
  private static String classPath() throws URISyntaxException {
    return Stream.of(
            System.getProperty("java.class.path", ""),
            System.getProperty("jdk.module.path", ""),
            folder(SecretsTest.class),
            folder(GrpcEtcdClient.class))
        .filter(path -> !path.isEmpty())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String folder(Class<?> type) throws URISyntaxException {
    String name = type.getName().replace('.', '/') + ".class";
    URI file = Objects.requireNonNull(type.getResource(type.getSimpleName() + ".class")).toURI();
    String path = Path.of(file).toString();
    return path.substring(0, path.length() - name.length() - 1);
  }
}
