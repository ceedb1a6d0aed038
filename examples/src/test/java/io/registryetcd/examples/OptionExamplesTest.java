package io.registryetcd.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.testkit.EtcdExtension;
import io.registryetcd.testkit.TestCertificates;
import io.registryetcd.testkit.TestEtcd;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Each of the small programs against a real etcd. */
class OptionExamplesTest {

  private static final String KEYS = "kitex/registry-etcd/Hello/";

  @RegisterExtension static final EtcdExtension EXTENSION = EtcdExtension.create();

  private final TestEtcd etcd = EXTENSION.etcd();

  @Test
  void simpleServerAndClient() {
    try (Program server = Program.example("simple-server", "--etcd", etcd.endpoint())) {
      assertThat(value(server.awaitReady())).contains("\"weight\":10", "\"zone\":\"a\"");
      assertPrints("simple-server|hello", "simple-client", "--etcd", etcd.endpoint());
    }
  }

  @Test
  void retryServer() {
    try (Program server = Program.example("retry-server", "--etcd", etcd.endpoint())) {
      server.awaitReady();
      assertPrints("retry-server|hello", "simple-client", "--etcd", etcd.endpoint());
    }
  }

  @Test
  void authServerAndClient() {
    etcd.enableAuth("root-password");
    etcd.addUser("hello", "secret");
    etcd.addRole("registry");
    etcd.grantPrefix("registry", "readwrite", "kitex/registry-etcd/");
    etcd.grantRole("hello", "registry");
    String[] flags = {"--etcd", etcd.endpoint(), "--user", "hello", "--password", "secret"};
    try (Program server = Program.example(with("auth-server", flags))) {
      server.awaitReady();
      assertPrints("auth-server|hello", with("auth-client", flags));
    } finally {
      etcd.disableAuth();
    }
  }

  @Test
  void defaultWeightClient() {
    String withoutWeight =
        "{\"network\":\"tcp\",\"address\":\"10.0.0.7:8888\",\"weight\":0,\"tags\":null}";
    etcd.etcdctl("put", KEYS + "10.0.0.7:8888", withoutWeight);
    assertPrints(
        "10.0.0.7:8888 42",
        with("default-weight-client", "--etcd", etcd.endpoint(), "--default-weight", "42"));
  }

  @Test
  void environmentServer() {
    Map<String, String> environment =
        Map.of("KITEX_IP_TO_REGISTRY", "10.0.0.5", "KITEX_PORT_TO_REGISTRY", "8888");
    try (Program server =
        Program.java(
            environment, Examples.class, "environment-server", "--etcd", etcd.endpoint())) {
      assertThat(server.awaitReady()).isEqualTo("10.0.0.5:8888");
      assertThat(value("10.0.0.5:8888")).contains("\"10.0.0.5:8888\"");
    }
  }

  @Test
  void fixedAddressServer() {
    try (Program server =
        Program.example(
            "fixed-address-server", "--etcd", etcd.endpoint(), "--address", "10.0.0.6:9999")) {
      assertThat(server.awaitReady()).isEqualTo("10.0.0.6:9999");
      assertThat(value("10.0.0.6:9999")).contains("\"10.0.0.6:9999\"");
    }
  }

  @Test
  void tlsServerAndClient() {
    try (TestCertificates certificates = TestCertificates.create();
        TestEtcd secure = TestEtcd.builder().tls(certificates).requireClientCertificate().start()) {
      String[] flags = {
        "--etcd=" + secure.endpoint(),
        "--ca=" + certificates.authority(),
        "--cert=" + certificates.client().certificate(),
        "--key=" + certificates.client().key()
      };
      try (Program server = Program.example(with("tls-server", flags))) {
        server.awaitReady();
        assertPrints("tls-server|hello", with("tls-client", flags));
      }
    }
  }

  private String value(String address) {
    return etcd.etcdctl("get", "--print-value-only", KEYS + address);
  }

  private static void assertPrints(String line, String... example) {
    try (Program program = Program.example(example)) {
      assertThat(program.awaitEnd()).as(program::toString).isZero();
      assertThat(program.lastLine()).isEqualTo(line);
      assertThat(program.errors()).isEmpty();
    }
  }

  private static String[] with(String name, String... flags) {
    List<String> words = new ArrayList<>(List.of(name));
    words.addAll(List.of(flags));
    return words.toArray(String[]::new);
  }
}
