package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryetcd.layout.Layout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EtcdSettingsTest {

  @Test
  void endpointsAreACommaList() {
    assertThat(settings(Map.of("endpoints", " h1:2379, h2:2379 ,")).endpoints())
        .containsExactly("h1:2379", "h2:2379");
    assertThat(settings(Map.of()).endpoints()).isEmpty();
  }

  @Test
  void aSystemPropertyIsRead() {
    System.setProperty("registry.etcd.endpoints", "h3:2379");
    try {
      assertThat(EtcdSettings.ofProcess().endpoints()).containsExactly("h3:2379");
    } finally {
      System.clearProperty("registry.etcd.endpoints");
    }
  }

  @Test
  void aUserWithoutPasswordIsRefusedAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(Map.of("user", "reader")))
        .withMessageContaining("registry.etcd.password")
        .withMessageContaining("REGISTRY_ETCD_PASSWORD");
  }

  @Test
  void aCertificateWithoutItsKeyIsRefusedAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(Map.of("cert", "/client.pem")))
        .withMessageContaining("key");
  }

  @Test
  void theIdentityHoldsNoPassword() {
    var identity = settings(Map.of("user", "reader", "password", "s3cret")).identity();

    assertThat(identity.toString()).contains("reader").doesNotContain("s3cret");
  }

  private static void config(Map<String, String> values) {
    var settings = settings(values);
    settings.config(List.of("127.0.0.1:2379"), Layout.kitex(), settings.identity());
  }

  private static EtcdSettings settings(Map<String, String> values) {
    return new EtcdSettings(name -> Optional.ofNullable(values.get(name)));
  }
}
