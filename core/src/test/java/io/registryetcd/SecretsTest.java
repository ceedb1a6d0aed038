package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.registryetcd.testkit.EtcdExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A password appears nowhere: not in logs of any level, not in exceptions, not in {@code toString}.
 */
class SecretsTest {

  @RegisterExtension static final EtcdExtension server = EtcdExtension.create();
  @RegisterExtension final TestPeers peers = new TestPeers();
  @TempDir private Path directory;

  @Test
  void passwordIsNeverPrinted() throws IOException {
    server.etcd().enableAuth("root");
    server.etcd().addRole("server");
    server.etcd().grantPrefix("server", "readwrite", "kitex/");
    server.etcd().addUser("server", TalkativeProgram.PASSWORD);
    server.etcd().grantRole("server", "server");
    Path key =
        Files.writeString(
            directory.resolve("key.pem"),
            "-----BEGIN PRIVATE KEY-----\ncanary-private-key\n-----END PRIVATE KEY-----\n");

    ChildJvm program =
        peers.closing(
            ChildJvm.start(
                TalkativeProgram.class,
                Map.of(),
                List.of(
                    "-Dorg.slf4j.simpleLogger.defaultLogLevel=trace",
                    "-Dorg.slf4j.simpleLogger.logFile=System.out"),
                server.endpoint(),
                "127.0.0.1:1",
                key.toString()));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> !program.isAlive() || program.output().contains("finished"));
    String printed = program.output();
    assertThat(printed)
        .contains("finished", "registered", "password is wrong", " DEBUG ", "IllegalArgument");
    assertThat(printed).doesNotContain("canary");
  }
}
