package io.registryetcd.kitex;

import io.registryetcd.kitex.wire.ApplicationError;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds the service that is called, as Kitex does. Immutable. */
final class Router {

  /** No service for a call. */
  static final class UnknownServiceException extends Exception {

    private static final long serialVersionUID = 1;

    private final transient ApplicationError error;

    UnknownServiceException(int code, String message) {
      super(message, null, false, false);
      this.error = new ApplicationError(code, message);
    }

    ApplicationError error() {
      return error;
    }
  }

  private final Map<String, KitexService> thrift = new LinkedHashMap<>();
  private final Map<String, KitexService> protobuf = new LinkedHashMap<>();

  /**
   * A router.
   *
   * @throws IllegalArgumentException if two services have the same name
   */
  Router(Collection<KitexService> services) {
    for (KitexService service : services) {
      if (byName(service.protocol()).putIfAbsent(service.name(), service) != null) {
        throw new IllegalArgumentException(
            "service: " + service.name() + " twice (expected: one of each name and protocol)");
      }
    }
  }

  private Map<String, KitexService> byName(Message.Protocol protocol) {
    return switch (protocol) {
      case THRIFT -> thrift;
      case PROTOBUF -> protobuf;
    };
  }

  /**
   * The service that a request names in its header. If it names none, the first that has the
   * method; if it names one that is not here, the only one that has it.
   */
  KitexService route(Message request) throws UnknownServiceException {
    Map<String, KitexService> services = byName(request.protocol());
    String method = request.method();
    String name = request.header().strings().getOrDefault(TTHeader.IDL_SERVICE, "");
    KitexService named = services.get(name);
    if (named != null) {
      if (named.declares(method) || named.acceptsAll()) {
        return named;
      }
      throw new UnknownServiceException(
          ApplicationError.UNKNOWN_METHOD, "unknown method " + method + " (service " + name + ")");
    }
    List<KitexService> candidates = candidates(services.values(), method);
    if (candidates.isEmpty() || (!name.isEmpty() && candidates.size() > 1)) {
      throw new UnknownServiceException(
          ApplicationError.NO_SUCH_SERVICE, "unknown service " + name + ", method " + method);
    }
    return candidates.get(0);
  }

  /** Those that declare the method; if there is none, those that may have it. */
  private static List<KitexService> candidates(Collection<KitexService> services, String method) {
    List<KitexService> declaring = services.stream().filter(s -> s.declares(method)).toList();
    return declaring.isEmpty()
        ? services.stream().filter(KitexService::acceptsAll).toList()
        : declaring;
  }
}
