package io.registryetcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.SynchronizationContext;
import io.registryetcd.Instance;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** Instances to address groups, with a name server and an executor run by hand. */
class AddressGroupsTest {

  private static final Instance IP = Instance.of("10.0.0.1", 80);
  private static final Instance NAME = Instance.of("a.test", 80);

  private final SynchronizationContext context =
      new SynchronizationContext(
          (thread, e) -> {
            throw new AssertionError(e);
          });
  private final Queue<Runnable> offloaded = new ArrayDeque<>();
  private final Map<String, List<InetAddress>> names = new HashMap<>();
  private final List<List<EquivalentAddressGroup>> output = new ArrayList<>();
  private final AddressGroups groups =
      new AddressGroups("Hello", args(), output::add, name -> names.getOrDefault(name, List.of()));

  @Test
  void addressesAreTurnedIntoGroupsAtOnceWithTheirInstance() {
    Instance six = Instance.of("fd00::1", 81).withWeight(3).withTag("zone", "a");

    accept(IP, six);

    assertThat(last()).containsExactly("10.0.0.1:80", "[fd00:0:0:0:0:0:0:1]:81");
    assertThat(output.get(0).get(1).getAttributes().get(EtcdGrpc.INSTANCE)).isEqualTo(six);
    assertThat(offloaded).isEmpty();
  }

  @Test
  void theFirstListWaitsForItsNames() {
    names.put("a.test", List.of(address(1), address(2)));

    accept(IP, NAME);
    assertThat(output).isEmpty();
    lookUp();

    assertThat(last()).containsExactly("10.0.0.1:80", "192.0.2.1:80,192.0.2.2:80");
  }

  @Test
  void laterListsDoNotWait() {
    names.put("a.test", List.of(address(1)));
    accept(IP);

    accept(NAME);
    assertThat(last()).isEmpty();
    lookUp();

    assertThat(last()).containsExactly("192.0.2.1:80");
  }

  @Test
  void whatIsLookedUpBelongsToTheLatestList() {
    names.put("a.test", List.of(address(1)));
    names.put("b.test", List.of(address(2)));
    accept(NAME);
    accept(IP, Instance.of("b.test", 80));

    lookUp();
    lookUp();

    assertThat(output).hasSize(1);
    assertThat(last()).containsExactly("10.0.0.1:80", "192.0.2.2:80");
  }

  @Test
  void aNameThatIsNotFoundIsLeftOutAndOneThatWasKeepsItsAddresses() {
    names.put("a.test", List.of(address(1)));
    accept(NAME);
    lookUp();
    names.clear();

    accept(NAME, Instance.of("b.test", 80));
    lookUp();

    assertThat(last()).containsExactly("192.0.2.1:80");
  }

  @Test
  void aUnixSocketIsLeftOut() {
    accept(IP, Instance.unix("/run/hello.sock"));

    assertThat(last()).containsExactly("10.0.0.1:80");
  }

  private void accept(Instance... instances) {
    context.execute(() -> groups.accept(List.of(instances)));
  }

  private void lookUp() {
    offloaded.remove().run();
  }

  private List<String> last() {
    return output.get(output.size() - 1).stream()
        .map(
            group ->
                String.join(
                    ",",
                    group.getAddresses().stream()
                        .map(address -> address.toString().replace("/", ""))
                        .toList()))
        .toList();
  }

  private NameResolver.Args args() {
    return NameResolver.Args.newBuilder()
        .setDefaultPort(80)
        .setProxyDetector(target -> null)
        .setSynchronizationContext(context)
        .setServiceConfigParser(
            new NameResolver.ServiceConfigParser() {
              @Override
              public NameResolver.ConfigOrError parseServiceConfig(Map<String, ?> raw) {
                return NameResolver.ConfigOrError.fromConfig(raw);
              }
            })
        .setOffloadExecutor(offloaded::add)
        .build();
  }

  private static InetAddress address(int last) {
    try {
      return InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, (byte) last});
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
