package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryetcd.grpc.EtcdTarget.Policy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdTargetTest {

  @Test
  void aServiceAloneLeavesEverythingElseToTheEnvironment() {
    EtcdTarget target = EtcdTarget.parse("etcd:///Hello");

    assertThat(target.service()).isEqualTo("Hello");
    assertThat(target.endpoints()).isEmpty();
    assertThat(target.layout().range("Hello")).isEqualTo("kitex/registry-etcd/Hello/");
    assertThat(target.layoutGiven()).isFalse();
    assertThat(target.policy()).isEqualTo(Policy.WEIGHTED_ROUND_ROBIN);
    assertThat(target.serviceAuthority()).isEqualTo("Hello");
  }

  @Test
  void oneEndpointStandsBeforeTheService() {
    assertThat(EtcdTarget.parse("etcd://10.0.0.1:2379/Hello").endpoints())
        .containsExactly("10.0.0.1:2379");
    assertThat(EtcdTarget.parse("etcd://[::1]:2379/Hello").endpoints())
        .containsExactly("[::1]:2379");
  }

  @Test
  void severalEndpointsAreAParameter() {
    EtcdTarget target =
        EtcdTarget.parse("etcd:///Hello?endpoints=https://h1:2379,https://h2:2379&prefix=my/own");

    assertThat(target.endpoints()).containsExactly("https://h1:2379", "https://h2:2379");
    assertThat(target.layout().range("Hello")).isEqualTo("my/own/Hello/");
    assertThat(target.layoutGiven()).isTrue();
  }

  @Test
  void namesAndParametersArePercentDecoded() {
    EtcdTarget target =
        EtcdTarget.parse("etcd:///a%20b+c?endpoints=%5B::1%5D:2379&layout=hertz&prefix=x%2Fy");

    assertThat(target.service()).isEqualTo("a b+c");
    assertThat(target.endpoints()).containsExactly("[::1]:2379");
    assertThat(target.layout().range("s")).isEqualTo("x/y/s/");
    assertThat(target.serviceAuthority()).isEqualTo("a%20b+c");
  }

  @Test
  void aHertzServiceMayHoldSlashes() {
    EtcdTarget target = EtcdTarget.parse("etcd:///shop/cart?layout=hertz");

    assertThat(target.service()).isEqualTo("shop/cart");
    assertThat(target.serviceAuthority()).isEqualTo("shop%2Fcart");
  }

  @Test
  void authorityAndPolicyAreParameters() {
    EtcdTarget target = EtcdTarget.parse("etcd:///Hello?authority=hello.example.com:443&lb=none");

    assertThat(target.serviceAuthority()).isEqualTo("hello.example.com:443");
    assertThat(target.policy()).isEqualTo(Policy.NONE);
    assertThat(EtcdTarget.parse("etcd:///Hello?lb=random").policy()).isEqualTo(Policy.RANDOM);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "etcd:Hello                               | no slashes",
        "etcd:                                    | no slashes",
        "etcd:///                                 | no service",
        "etcd://h:2379                            | no slashes",
        "etcd:///Hello#part                       | etcd:///Service",
        "etcd://h1:2379,h2:2379/Hello             | endpoints=host1:2379,host2:2379",
        "etcd://h1:2379/Hello?endpoints=h2:2379   | one of them",
        "etcd:///Hello?endpoints=                 | host:port",
        "etcd:///Hello?endpoints=h1:2379,,h2:2379 | host:port",
        "etcd:///Hello?endpoint=h1:2379           | 'endpoint'",
        "etcd:///Hello?prefix=a&prefix=b          | given once",
        "etcd:///Hello?layout=spring              | kitex or hertz",
        "etcd:///Hello?lb=fastest                 | weighted_round_robin, random or none",
        "etcd:///Hello?authority=a/b              | host name",
        "etcd:///Hello?prefix=%zz                 | percent-encoded",
      })
  void aWrongTargetSaysWhatIsExpected(String target, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EtcdTarget.parse(target))
        .withMessageContaining(message)
        .withMessageContaining("expected");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "etcd://root:s3cret@h:2379/Hello",
        "etcd://s3cret@h:2379/Hello",
        "etcd:///Hello?endpoints=http://root:s3cret@h:2379",
        "etcd:///Hello?endpoints=http://root:s3cret%40h:2379",
        "etcd:///Hello?password=s3cret",
        "etcd:///Hello?s3cret",
        "etcd:root:s3cret@h/Hello",
        "etcd:///Hello#s3cret",
      })
  void aSecretInATargetIsRefusedAndNotRepeated(String target) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EtcdTarget.parse(target))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("s3cret"));
  }
}
