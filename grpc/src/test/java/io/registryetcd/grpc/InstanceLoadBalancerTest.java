package io.registryetcd.grpc;

import static io.grpc.ConnectivityState.READY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.registryetcd.Instance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The policy against real servers, with addresses given by hand. */
class InstanceLoadBalancerTest {

  private final ManualNameResolver resolver =
      ManualNameResolver.create(EtcdGrpc.WEIGHTED_ROUND_ROBIN);
  private final ManagedChannel channel = resolver.channel().build();
  private final TextServer a = TextServer.start("a");
  private final TextServer b = TextServer.start("b");
  private final List<AutoCloseable> open = new ArrayList<>(List.of(resolver, a, b));

  @AfterEach
  void close() throws Exception {
    Text.close(channel);
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
  }

  @Test
  void callsAreSplitByWeight() {
    connect(a.instance().withWeight(30), b.instance().withWeight(10));

    assertThat(Text.split(channel, 400)).isEqualTo(Map.of("a", 300, "b", 100));
  }

  @Test
  void aChangeOfWeightsMovesTheSplitAndNoConnection() {
    connect(a.instance().withWeight(30), b.instance().withWeight(10));

    resolver.publish(a.instance().withWeight(10), b.instance().withWeight(30).withTag("k", "v"));

    await().until(() -> Text.split(channel, 400).equals(Map.of("a", 100, "b", 300)));
    assertThat(a.connections).hasValue(1);
    assertThat(b.connections).hasValue(1);
  }

  @Test
  void aRemovedInstanceGetsNoCall() {
    connect(a.instance().withWeight(10), b.instance().withWeight(10));

    resolver.publish(a.instance().withWeight(10));

    assertThat(Text.split(channel, 100)).isEqualTo(Map.of("a", 100));
  }

  @Test
  void anInstanceThatCannotBeReachedIsPassedOver() {
    b.close();
    connectChannel();
    resolver.publish(a.instance().withWeight(1), b.instance().withWeight(100));

    assertThat(Text.callWhenReady(channel)).isEqualTo("a");
    assertThat(Text.split(channel, 50)).isEqualTo(Map.of("a", 50));
  }

  @Test
  void callsFailWithTheErrorOfAnInstanceIfNoneCanBeReached() {
    a.close();
    connectChannel();
    resolver.publish(a.instance().withWeight(1));

    assertUnavailable("Connection refused");
  }

  @Test
  void anEmptyListFailsCallsNamingTheKeysAndLetsWaitingOnesWait() {
    connect(a.instance().withWeight(10));

    resolver.publish();

    assertUnavailable("keys/of/x/");
    var waiting = CompletableFuture.supplyAsync(() -> Text.callWhenReady(channel));
    resolver.publish(b.instance().withWeight(10));
    assertThat(waiting.join()).isEqualTo("b");
  }

  @Test
  void anErrorOfTheResolverChangesNothingOnceInstancesAreKnown() {
    connect(a.instance().withWeight(10));

    resolver.fail(Status.UNAVAILABLE.withDescription("etcd is away"));

    assertThat(Text.split(channel, 20)).isEqualTo(Map.of("a", 20));
  }

  @Test
  void anErrorOfTheResolverBeforeTheFirstListFailsCalls() {
    connectChannel();

    resolver.fail(Status.UNAVAILABLE.withDescription("etcd is away"));

    assertUnavailable("etcd is away");
  }

  @Test
  void aConnectionThatEndsIsMadeAgainWithoutACall() throws Exception {
    connect(a.instance().withWeight(10), b.instance().withWeight(10));
    int port = a.port();
    a.server.shutdownNow().awaitTermination();

    await().ignoreExceptions().until(() -> Text.split(channel, 20).equals(Map.of("b", 20)));
    var again = Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create());
    a.addTo(again);
    var server = again.build().start();
    open.add(server::shutdownNow);

    await().until(() -> Text.split(channel, 20).equals(Map.of("a", 10, "b", 10)));
  }

  @Test
  void anInstanceGivenTwiceIsConnectedOnce() {
    connect(a.instance().withWeight(10), a.instance().withWeight(10));

    assertThat(Text.split(channel, 10)).isEqualTo(Map.of("a", 10));
    assertThat(a.connections).hasValue(1);
  }

  @Test
  void manyInstancesComeAndGoTogether() {
    Instance[] many =
        IntStream.rangeClosed(1, 200)
            .mapToObj(i -> Instance.of("127.0.0." + i, a.port()).withWeight(i))
            .toArray(Instance[]::new);
    connectChannel();

    resolver.publish(many);

    assertThat(Text.callWhenReady(channel)).isEqualTo("a");
    await().until(() -> a.connections.get() == 200);
    await().until(() -> addressesCalled(400) > 100);
    resolver.publish(many[5]);
    assertThat(addressesCalled(50)).isEqualTo(1);
  }

  private int addressesCalled(int calls) {
    a.addresses.clear();
    Text.split(channel, calls);
    return a.addresses.size();
  }

  private void connect(Instance... instances) {
    connectChannel();
    resolver.publish(instances);
    await().until(() -> channel.getState(true) == READY);
    await()
        .until(
            () -> Text.split(channel, 20).size() == List.of(instances).stream().distinct().count());
  }

  /** Leaves idle mode, so that the name resolver is started. */
  private void connectChannel() {
    channel.getState(true);
  }

  private void assertUnavailable(String message) {
    await()
        .untilAsserted(
            () ->
                assertThatExceptionOfType(StatusRuntimeException.class)
                    .isThrownBy(() -> Text.call(channel))
                    .satisfies(
                        e -> {
                          assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                          assertThat(e + " " + e.getCause()).contains(message);
                        }));
  }
}
