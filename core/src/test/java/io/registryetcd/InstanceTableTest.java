package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.layout.Layout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InstanceTableTest {

  private static final Instance A = Instance.of("10.0.0.1", 80).withWeight(1);
  private static final Instance B = Instance.of("10.0.0.2", 80).withWeight(2);
  private static final Instance V6 = Instance.of("::1", 80).withWeight(3);

  private final InstanceTable table = new InstanceTable("Hello", Layout.kitex(), 10);

  private static String weighing(int weight) {
    return "{\"network\":\"tcp\",\"address\":\"10.0.0.1:80\",\"weight\":" + weight + "}";
  }

  private Set<String> apply(WatchEvent event) {
    Set<String> touched = new HashSet<>();
    table.apply(event, touched);
    return touched;
  }

  private Set<String> put(KeyValue kv) {
    return apply(WatchEvent.put(kv));
  }

  @Test
  void aListIsWhatTheTableHoldsFromThenOn() {
    table.replace(List.of(FakeKeys.of(A, 1)));

    Set<String> touched = table.replace(List.of(FakeKeys.of(B, 2)));

    assertThat(touched).containsExactlyInAnyOrder(A.address(), B.address());
    assertThat(table.addressSet()).containsExactly(B.address());
    assertThat(table.at(A.address())).isEmpty();
    assertThat(table.at(B.address())).contains(B);
    assertThat(table.addresses()).isEqualTo(1);
    assertThat(table.keys()).isEqualTo(1);
  }

  @Test
  void aNewTableIsEmpty() {
    assertThat(table.isEmpty()).isTrue();
    assertThat(table.at(A.address())).isEmpty();
  }

  @Test
  void anEventTouchesTheAddressThatItIsAbout() {
    table.replace(List.of(FakeKeys.of(A, 1), FakeKeys.of(B, 1)));

    assertThat(put(FakeKeys.of(A.withWeight(9), 2))).containsExactly(A.address());
    assertThat(table.at(A.address())).contains(A.withWeight(9));
    assertThat(apply(FakeKeys.gone(B.address(), 3))).containsExactly(B.address());
    assertThat(table.at(B.address())).isEmpty();
  }

  @Test
  void theEndOfAKeyThatIsNotKnownTouchesNothing() {
    assertThat(apply(FakeKeys.gone("10.9.9.9:80", 1))).isEmpty();
  }

  @Test
  void aKeyWhoseValueMovesToAnotherAddressTouchesBoth() {
    put(FakeKeys.of("k", A, 1));

    assertThat(put(FakeKeys.of("k", B, 2))).containsExactlyInAnyOrder(A.address(), B.address());
    assertThat(table.addressSet()).containsExactly(B.address());
  }

  // What cannot be read.

  @Test
  void aMalformedValueIsCountedAndDisturbsNoOther() {
    Set<String> touched =
        table.replace(
            List.of(FakeKeys.of(A, 1), FakeKeys.of("k", "no JSON", 1), FakeKeys.of(B, 1)));

    assertThat(touched).containsExactlyInAnyOrder(A.address(), B.address());
    assertThat(table.addressSet()).containsExactlyInAnyOrder(A.address(), B.address());
    assertThat(table.malformed()).isEqualTo(1);
    assertThat(table.keys()).isEqualTo(3);
  }

  @Test
  void anInstanceWhoseValueBecomesMalformedIsGone() {
    put(FakeKeys.of("k", A, 1));

    assertThat(put(FakeKeys.of("k", "{", 2))).containsExactly(A.address());
    assertThat(table.isEmpty()).isTrue();
    assertThat(table.malformed()).isEqualTo(1);
  }

  @Test
  void aMalformedValueThatIsPutRightOrDeletedCountsNoMore() {
    put(FakeKeys.of("k", "{", 1));
    put(FakeKeys.of("l", "{", 1));

    put(FakeKeys.of("k", A, 2));
    apply(FakeKeys.gone("l", 3));

    assertThat(table.malformed()).isZero();
    assertThat(table.at(A.address())).contains(A);
  }

  @Test
  void keysThatAreNoInstancesOfTheServiceAreNotLookedAt() {
    table.replace(List.of(FakeKeys.of("", A, 1), FakeKeys.of("deeper/" + A.address(), A, 1)));

    assertThat(table.keys()).isZero();
    assertThat(table.isEmpty()).isTrue();
  }

  // Weights.

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void aWeightThatIsNotAboveZeroBecomesTheDefault(int weight) {
    put(FakeKeys.of("k", weighing(weight), 1));

    assertThat(table.at(A.address())).contains(A.withWeight(10));
    assertThat(table.filtered()).isZero();
  }

  @Test
  void withoutADefaultWeightSuchInstancesAreLeftOutAndCounted() {
    InstanceTable strict = new InstanceTable("Hello", Layout.kitex(), 0);

    strict.replace(List.of(FakeKeys.of("k", weighing(0), 1), FakeKeys.of(B, 1)));

    assertThat(strict.addressSet()).containsExactly(B.address());
    assertThat(strict.filtered()).isEqualTo(1);
    assertThat(strict.keys()).isEqualTo(2);

    strict.replace(List.of());
    assertThat(strict.filtered()).isZero();
  }

  // Several keys with one address.

  @Test
  void ofTwoSpellingsOfOneAddressTheKeyThatWasCreatedLastCounts() {
    put(FakeKeys.of("::1:80", V6, 5));
    put(FakeKeys.of("[::1]:80", V6.withWeight(9), 8));
    assertThat(table.at(V6.address())).contains(V6.withWeight(9));

    put(FakeKeys.of("[0::1]:80", V6.withWeight(4), 6));
    assertThat(table.at(V6.address())).contains(V6.withWeight(9));
    assertThat(table.addresses()).isEqualTo(1);
    assertThat(table.keys()).isEqualTo(3);
  }

  @Test
  void theOlderKeyComesBackWhenTheNewerOneGoes() {
    put(FakeKeys.of("::1:80", V6, 5));
    put(FakeKeys.of("[::1]:80", V6.withWeight(9), 8));

    assertThat(apply(FakeKeys.gone("[::1]:80", 9))).containsExactly(V6.address());
    assertThat(table.at(V6.address())).contains(V6);

    assertThat(apply(FakeKeys.gone("::1:80", 10))).containsExactly(V6.address());
    assertThat(table.isEmpty()).isTrue();
  }

  @Test
  void ofTwoKeysOfOneRevisionTheSameOneCountsInEveryProcess() {
    List<KeyValue> kvs =
        List.of(FakeKeys.of("::1:80", V6, 5), FakeKeys.of("[::1]:80", V6.withWeight(9), 5));
    InstanceTable other = new InstanceTable("Hello", Layout.kitex(), 10);

    table.replace(kvs);
    other.replace(List.of(kvs.get(1), kvs.get(0)));

    assertThat(table.at(V6.address())).isEqualTo(other.at(V6.address()));
  }
}
