package io.registryetcd.kitex;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.registryetcd.kitex.wire.Message;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A gRPC service with unary methods, served over Kitex-Protobuf: what a Kitex protobuf client sends
 * unless gRPC is asked for.
 *
 * <pre>{@code
 * ProtobufService.of(new EchoService())                                        // extends EchoGrpc.EchoImplBase
 * ProtobufService.of(() -> ServerInterceptors.intercept(new EchoService(), interceptor))
 * }</pre>
 *
 * <p>The handler may answer later and from another thread. A status that it closes a call with is
 * answered as application exception 6 with the text {@code biz error: <description>}; a {@link
 * BizStatusException}, thrown or given to {@code onError}, as the status of the application, and so
 * is a gRPC status with the trailers {@code biz-status} and {@code biz-extra} that Kitex uses over
 * gRPC. Of gRPC's metadata there is none, see {@link IncomingCall}; and a call is never cancelled,
 * because Kitex's clients do not tell.
 *
 * <p>Needs no libthrift.
 *
 * @since 0.1
 */
public final class ProtobufService extends KitexService {

  private final Map<String, ServerMethodDefinition<?, ?>> methods;

  private ProtobufService(String name, Map<String, ServerMethodDefinition<?, ?>> methods) {
    super(Message.Protocol.PROTOBUF, name, Optional.of(methods.keySet()));
    this.methods = methods;
  }

  /**
   * A service under its short name, without the package, as Kitex has it.
   *
   * @param service handles the calls
   * @return the service
   * @throws IllegalArgumentException if it has methods that are not unary, naming them
   */
  public static ProtobufService of(BindableService service) {
    ServerServiceDefinition definition = service.bindService();
    String fullName = definition.getServiceDescriptor().getName();
    List<String> streaming =
        definition.getMethods().stream()
            .map(ServerMethodDefinition::getMethodDescriptor)
            .filter(method -> method.getType() != MethodDescriptor.MethodType.UNARY)
            .map(ProtobufService::shortName)
            .sorted()
            .toList();
    if (!streaming.isEmpty()) {
      throw new IllegalArgumentException(
          "service: "
              + fullName
              + " with the streaming methods "
              + streaming
              + " (expected: unary methods only, for Kitex-Protobuf has no others; serve streams with"
              + " grpc-java)");
    }
    return new ProtobufService(
        fullName.substring(fullName.lastIndexOf('.') + 1),
        definition.getMethods().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    method -> shortName(method.getMethodDescriptor()), Function.identity())));
  }

  private static String shortName(MethodDescriptor<?, ?> method) {
    String fullName = method.getFullMethodName();
    return fullName.substring(fullName.lastIndexOf('/') + 1);
  }

  @Override
  void handle(Message request, Consumer<? super Optional<Message>> answer) {
    ServerMethodDefinition<?, ?> method = methods.get(request.method());
    if (method == null) {
      throw new IllegalStateException("routed to " + name() + " without " + request.method());
    }
    UnaryServerCall.start(request, method, answer);
  }
}
