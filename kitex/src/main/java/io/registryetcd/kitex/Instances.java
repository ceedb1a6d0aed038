package io.registryetcd.kitex;

import com.google.common.base.Suppliers;
import io.registryetcd.EtcdResolver;
import io.registryetcd.Instance;
import io.registryetcd.NoInstanceException;
import io.registryetcd.ServiceView;
import io.registryetcd.Snapshot;
import io.registryetcd.loadbalance.LoadBalancer;
import io.registryetcd.loadbalance.Picker;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The instances of a client's service, and whose turn it is. Thread-safe; nothing blocks.
 *
 * <p>The view's snapshot is the truth. A picker belongs to one list of instances and is made by the
 * first call that picks from it; two calls may race to make it, and either picker will do. Load
 * balancers may be the user's, so {@link #contains}, which I/O threads ask, needs none.
 */
final class Instances implements AutoCloseable {

  private final EtcdResolver resolver;
  private final LoadBalancer balancer;
  private final ServiceView view;
  private final CompletableFuture<Snapshot> firstAnswer;
  private volatile Choice choice;

  private record Choice(Snapshot snapshot, Supplier<Picker> picker, Set<String> addresses) {

    static Choice of(Snapshot snapshot, LoadBalancer balancer) {
      Set<String> addresses = new HashSet<>();
      snapshot.forEach(instance -> addresses.add(instance.address()));
      return new Choice(snapshot, Suppliers.memoize(() -> balancer.picker(snapshot)), addresses);
    }
  }

  private Instances(
      EtcdResolver resolver,
      LoadBalancer balancer,
      ServiceView view,
      CompletableFuture<Snapshot> firstAnswer) {
    this.resolver = resolver;
    this.balancer = balancer;
    this.view = view;
    this.firstAnswer = firstAnswer;
    this.choice = Choice.of(view.snapshot(), balancer);
  }

  /**
   * Begins to follow a service.
   *
   * @param view closed with this
   * @param resolver that of the view
   * @param onRemoved told of each instance whose key is gone, on the resolver's callback executor
   */
  static Instances follow(
      ServiceView view,
      EtcdResolver resolver,
      LoadBalancer balancer,
      Consumer<? super Instance> onRemoved) {
    view.onChange(change -> change.removed().forEach(onRemoved));
    return new Instances(
        resolver,
        balancer,
        view,
        CompletableFuture.supplyAsync(() -> resolver.resolve(view.service()), ClientThreads.LISTS));
  }

  /**
   * A future of its own that completes when there are instances to pick, and fails with a {@link
   * NoInstanceException} if there are none. Calls wait for nothing but the first answer of etcd.
   */
  CompletableFuture<Snapshot> whenAvailable() {
    Snapshot known = view.snapshot();
    if (!known.isEmpty()) {
      return CompletableFuture.completedFuture(known);
    }
    if (!firstAnswer.isDone()) {
      return firstAnswer.copy();
    }
    try {
      // answered, or waited for long enough: does not wait any more
      return CompletableFuture.completedFuture(resolver.resolve(view.service()));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * The instance for a call, empty if all were tried. To pick again before picking among the rest
   * keeps the shares: a new picker would begin with the same instance each time.
   */
  Optional<Instance> pick(Set<String> triedAddresses) {
    Choice current = choice();
    Picker picker = current.picker().get();
    List<Instance> all = current.snapshot().instances();
    for (int i = 0; i < all.size(); i++) {
      Instance picked = picker.pick();
      if (!triedAddresses.contains(picked.address())) {
        return Optional.of(picked);
      }
    }
    List<Instance> rest =
        all.stream().filter(instance -> !triedAddresses.contains(instance.address())).toList();
    return rest.isEmpty() ? Optional.empty() : Optional.of(balancer.picker(rest).pick());
  }

  boolean contains(Instance instance) {
    return choice().addresses().contains(instance.address());
  }

  private Choice choice() {
    Snapshot latest = view.snapshot();
    Choice known = choice;
    if (known.snapshot() == latest) {
      return known;
    }
    Choice current =
        known.snapshot().instances().equals(latest.instances())
            ? new Choice(latest, known.picker(), known.addresses())
            : Choice.of(latest, balancer);
    choice = current;
    return current;
  }

  @Override
  public void close() {
    view.close();
  }
}
