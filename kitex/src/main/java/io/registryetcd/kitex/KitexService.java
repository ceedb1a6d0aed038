package io.registryetcd.kitex;

import io.registryetcd.kitex.wire.Message;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A service that a {@link KitexServer} serves: a {@link ThriftService} or a {@link
 * ProtobufService}. Immutable.
 *
 * @since 0.1
 */
public abstract sealed class KitexService permits ThriftService, ProtobufService {

  private final Message.Protocol protocol;
  private final String name;
  private final Optional<Set<String>> methods;

  /**
   * A service.
   *
   * @param methods empty if only the service itself knows what it answers
   */
  KitexService(Message.Protocol protocol, String name, Optional<Set<String>> methods) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("service: '' (expected: the service's name in its IDL)");
    }
    this.protocol = protocol;
    this.name = name;
    this.methods = methods.map(Set::copyOf);
  }

  /**
   * The service's name in its IDL, without a package; not the name in the registry.
   *
   * @return the name
   */
  public final String name() {
    return name;
  }

  final Message.Protocol protocol() {
    return protocol;
  }

  final boolean declares(String method) {
    return methods.isPresent() && methods.get().contains(method);
  }

  /** Whether any method may be one of this service. */
  final boolean acceptsAll() {
    return methods.isEmpty();
  }

  /**
   * Handles a call.
   *
   * @param answer gets the reply, once, then or later and from any thread; empty for a oneway call
   * @throws Throwable what the handler threw; to be logged, and answered if there is no answer yet
   */
  abstract void handle(Message request, Consumer<? super Optional<Message>> answer)
      throws Throwable;
}
