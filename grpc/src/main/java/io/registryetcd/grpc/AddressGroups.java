package io.registryetcd.grpc;

import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.common.net.InetAddresses;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.SynchronizationContext;
import io.registryetcd.Instance;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns instances into address groups, one for each instance, weight and tags attached.
 *
 * <p>Nearly all instances have an IP address, and their groups are made at once. Host names are
 * looked up on the channel's offload executor, when they first appear and then every 30 s. While
 * that is under way, groups are made of what is known, so that a slow name server does not hold up
 * the others; only the very first list waits for its names. A name that is not found is left out,
 * one that was found before keeps its addresses.
 *
 * <p>Not thread-safe: called in the channel's synchronization context only, and calls {@code
 * output} in it.
 */
final class AddressGroups {

  private static final Logger log = LoggerFactory.getLogger(AddressGroups.class);
  private static final long LOOKUP_PERIOD_SECONDS = 30;

  private final String service;
  private final Consumer<List<EquivalentAddressGroup>> output;
  private final Function<String, List<InetAddress>> nameServer;
  private final SynchronizationContext syncContext;
  private final Executor offload;
  private final @Nullable ScheduledExecutorService scheduler;
  private final Map<String, List<InetAddress>> found = new HashMap<>();
  private final Set<String> warned = new HashSet<>();

  private List<Instance> latest = List.of();
  private boolean lookingUp;
  private boolean begun;
  private boolean closed;
  private SynchronizationContext.@Nullable ScheduledHandle nextLookup;

  AddressGroups(
      String service, NameResolver.Args args, Consumer<List<EquivalentAddressGroup>> output) {
    this(service, args, output, AddressGroups::addresses);
  }

  AddressGroups(
      String service,
      NameResolver.Args args,
      Consumer<List<EquivalentAddressGroup>> output,
      Function<String, List<InetAddress>> nameServer) {
    this.nameServer = nameServer;
    this.service = service;
    this.output = output;
    this.syncContext = args.getSynchronizationContext();
    this.offload = EtcdNameResolver.offload(args);
    this.scheduler = scheduler(args);
  }

  void accept(List<Instance> instances) {
    latest = instances;
    Set<String> names = names();
    found.keySet().retainAll(names);
    if (begun || found.keySet().containsAll(names)) {
      emit();
    }
    if (!found.keySet().containsAll(names)) {
      lookUp(names);
    }
  }

  void close() {
    closed = true;
    cancelNextLookup();
  }

  private void cancelNextLookup() {
    if (nextLookup != null) {
      nextLookup.cancel();
    }
  }

  private Set<String> names() {
    var names = new TreeSet<String>();
    for (Instance instance : latest) {
      if (instance.network().equals("tcp") && !InetAddresses.isInetAddress(instance.host())) {
        names.add(instance.host());
      }
    }
    return names;
  }

  private void lookUp(Set<String> names) {
    if (!lookingUp) {
      lookingUp = true;
      cancelNextLookup();
      offload.execute(
          () -> {
            Map<String, List<InetAddress>> answers = new HashMap<>();
            names.forEach(name -> answers.put(name, nameServer.apply(name)));
            syncContext.execute(() -> onAnswers(answers));
          });
    }
  }

  private void onAnswers(Map<String, List<InetAddress>> answers) {
    lookingUp = false;
    answers.forEach(
        (name, addresses) -> {
          if (!addresses.isEmpty()) {
            warned.remove(name);
            found.put(name, addresses);
          } else if (found.getOrDefault(name, List.of()).isEmpty()) {
            warnOnce(name, "the host name is not found");
            found.put(name, List.of());
          }
        });
    accept(latest);
    if (!closed && !lookingUp && !names().isEmpty() && scheduler != null) {
      nextLookup =
          syncContext.schedule(() -> lookUp(names()), LOOKUP_PERIOD_SECONDS, SECONDS, scheduler);
    }
  }

  private void emit() {
    begun = true;
    var groups = new ArrayList<EquivalentAddressGroup>(latest.size());
    for (Instance instance : latest) {
      List<SocketAddress> addresses = socketAddresses(instance);
      if (!addresses.isEmpty()) {
        groups.add(
            new EquivalentAddressGroup(
                addresses, Attributes.newBuilder().set(EtcdGrpc.INSTANCE, instance).build()));
      }
    }
    output.accept(List.copyOf(groups));
  }

  private List<SocketAddress> socketAddresses(Instance instance) {
    if (!instance.network().equals("tcp")) {
      warnOnce(instance.address(), "gRPC reaches no unix sockets here");
      return List.of();
    }
    List<InetAddress> hosts =
        literal(instance.host())
            .map(List::of)
            .orElse(found.getOrDefault(instance.host(), List.of()));
    return hosts.stream()
        .<SocketAddress>map(host -> new InetSocketAddress(host, instance.port()))
        .toList();
  }

  private static Optional<InetAddress> literal(String host) {
    return InetAddresses.isInetAddress(host)
        ? Optional.of(InetAddresses.forString(host))
        : Optional.empty();
  }

  private static List<InetAddress> addresses(String name) {
    try {
      return List.of(InetAddress.getAllByName(name));
    } catch (UnknownHostException e) {
      return List.of();
    }
  }

  private void warnOnce(String address, String reason) {
    if (warned.add(address)) {
      log.warn("{}: instance {} is left out: {}", service, address, reason);
    }
  }

  private static @Nullable ScheduledExecutorService scheduler(NameResolver.Args args) {
    try {
      return args.getScheduledExecutorService();
    } catch (IllegalStateException notSet) {
      return null;
    }
  }
}
