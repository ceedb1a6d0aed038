package io.registryetcd;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The registries, resolvers and other closeable things of one test, closed after it. */
final class TestPeers implements AfterEachCallback {

  /** Enough for what takes some round trips when nothing fails. */
  static final Duration SOON = Duration.ofSeconds(5);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  /** A lease of 5 s, so that the backoff while etcd is away never exceeds 1.25 s. */
  static EtcdConfig.Builder config(String... endpoints) {
    return EtcdConfig.builder().endpoints(endpoints).leaseTtl(Duration.ofSeconds(5));
  }

  EtcdRegistry registry(String... endpoints) {
    return registry(config(endpoints).build());
  }

  EtcdRegistry registry(EtcdConfig config) {
    return closing(EtcdRegistry.create(config));
  }

  EtcdResolver resolver(String... endpoints) {
    return resolver(config(endpoints).build());
  }

  EtcdResolver resolver(EtcdConfig config) {
    return closing(EtcdResolver.create(config));
  }

  <T extends AutoCloseable> T closing(T closeable) {
    open.push(closeable);
    return closeable;
  }

  static Instance instance(int port) {
    return Instance.of("127.0.0.1", port).withWeight(10);
  }

  static Registration registered(EtcdRegistry registry, String service, int port) {
    Registration registration = registry.register(service, instance(port));
    registration.await(SOON);
    return registration;
  }

  static List<Registration.StateChange> steps(Registration registration) {
    List<Registration.StateChange> steps = new CopyOnWriteArrayList<>();
    registration.onStateChange(steps::add);
    return steps;
  }

  /** What comes after it was registered: the listener may still be told of that. */
  static List<Registration.StateChange> laterSteps(Registration registered) {
    List<Registration.StateChange> steps = new CopyOnWriteArrayList<>();
    registered.onStateChange(
        step -> {
          if (step.from() != Registration.State.REGISTERING) {
            steps.add(step);
          }
        });
    return steps;
  }

  static List<Change> changes(ServiceView view) {
    List<Change> changes = new CopyOnWriteArrayList<>();
    view.onChange(changes::add);
    return changes;
  }

  /** A value as any registry of the Kitex layout writes it. */
  static String value(String address, int weight) {
    return "{\"network\":\"tcp\",\"address\":\""
        + address
        + "\",\"weight\":"
        + weight
        + ",\"tags\":{}}";
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
