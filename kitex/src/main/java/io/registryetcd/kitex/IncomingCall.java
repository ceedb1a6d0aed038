package io.registryetcd.kitex;

import com.google.common.primitives.Longs;
import io.registryetcd.kitex.wire.Message;
import io.registryetcd.kitex.wire.TTHeader;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The call that a handler of a {@link KitexServer} handles: who calls, what came beside the
 * arguments, and what goes back beside the reply.
 *
 * <pre>{@code
 * public Response echo(Request request) {
 *   IncomingCall call = IncomingCall.current();
 *   call.replyMetadata("served-by", call.transit().getOrDefault("zone", "any"));
 *   ...
 * }
 * }</pre>
 *
 * <p>Most of it travels in the TTHeader: where the caller's framing has none it is empty. A handler
 * that answers from another thread keeps the object. Safe for use by many threads. What a handler's
 * own calls pass on is in {@link CallMetadata#current()}.
 *
 * @since 0.1
 */
public final class IncomingCall {

  private static final ThreadLocal<IncomingCall> CURRENT = new ThreadLocal<>();
  private static final Set<String> RESERVED =
      Set.of(
          TTHeader.CONNECTION_RESET, TTHeader.BIZ_STATUS, TTHeader.BIZ_MESSAGE, TTHeader.BIZ_EXTRA);

  private final String service;
  private final String method;
  private final Framing framing;
  private final TTHeader header;
  private final SocketAddress remoteAddress;
  private final Map<String, String> replyMetadata = new ConcurrentHashMap<>();

  IncomingCall(String service, Message request, SocketAddress remoteAddress) {
    this.service = service;
    this.method = request.method();
    this.framing = request.framing();
    this.header = request.header();
    this.remoteAddress = remoteAddress;
  }

  /**
   * The call that this thread handles.
   *
   * @return the call
   * @throws IllegalStateException if it handles none
   */
  public static IncomingCall current() {
    IncomingCall current = CURRENT.get();
    if (current == null) {
      throw new IllegalStateException(
          "no call on this thread (expected: the thread on which KitexServer called the handler)");
    }
    return current;
  }

  /**
   * The called service's name in its IDL.
   *
   * @return the name of the {@link KitexService}
   */
  public String service() {
    return service;
  }

  /**
   * The called method.
   *
   * @return its name in the IDL
   */
  public String method() {
    return method;
  }

  /**
   * The name by which the caller found this server in the registry.
   *
   * @return empty if the caller does not tell
   */
  public Optional<String> calledName() {
    return text(TTHeader.TO_SERVICE);
  }

  /**
   * The service that calls.
   *
   * @return empty if the caller does not tell
   */
  public Optional<String> callerService() {
    return text(TTHeader.FROM_SERVICE);
  }

  /**
   * The method that calls.
   *
   * @return empty if the caller does not tell
   */
  public Optional<String> callerMethod() {
    return text(TTHeader.FROM_METHOD);
  }

  /**
   * Where the call came from.
   *
   * @return the other end of the connection
   */
  public SocketAddress remoteAddress() {
    return remoteAddress;
  }

  /**
   * How the message was wrapped.
   *
   * @return the framing, in which the reply goes back too
   */
  public Framing framing() {
    return framing;
  }

  /**
   * How long the caller waits for the reply, counted from when it began to call.
   *
   * @return empty if the caller does not tell
   */
  public Optional<Duration> timeout() {
    return text(TTHeader.RPC_TIMEOUT_MILLIS)
        .map(Longs::tryParse)
        .filter(millis -> millis > 0)
        .map(Duration::ofMillis);
  }

  /**
   * The id under which the caller logs this call.
   *
   * @return empty if the caller does not tell
   */
  public Optional<String> logId() {
    return text(TTHeader.LOG_ID);
  }

  /**
   * The caller's values for this service only ({@code RPC_TRANSIT_}).
   *
   * @return sorted, keys without the prefix
   */
  public Map<String, String> transit() {
    return withPrefix(TTHeader.TRANSIT_PREFIX);
  }

  /**
   * The values for all services down the way ({@code RPC_PERSIST_}).
   *
   * @return sorted, keys without the prefix
   */
  public Map<String, String> persist() {
    return withPrefix(TTHeader.PERSIST_PREFIX);
  }

  /**
   * Sends a value back with the reply (Kitex: backward metadata). No effect where the caller's
   * framing has no header, and after the reply was given.
   *
   * @param key the key
   * @param value the value
   * @return this
   * @throws IllegalArgumentException if the key is one of Kitex's own
   */
  public IncomingCall replyMetadata(String key, String value) {
    if (RESERVED.contains(key)) {
      throw new IllegalArgumentException("key: " + key + " (expected: none of " + RESERVED + ")");
    }
    replyMetadata.put(key, value);
    return this;
  }

  Map<String, String> replyMetadata() {
    return replyMetadata;
  }

  /** What {@link CallMetadata#current()} is in the handler. */
  CallMetadata passedOn() {
    CallMetadata metadata = CallMetadata.EMPTY.withFromMethod(method).withPersist(persist());
    return logId().map(metadata::withLogId).orElse(metadata);
  }

  /** Runs something with this as the call of the thread. */
  void run(Runnable work) {
    IncomingCall before = CURRENT.get();
    CURRENT.set(this);
    try {
      passedOn().run(work);
    } finally {
      restore(before);
    }
  }

  private static void restore(@Nullable IncomingCall before) {
    if (before == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(before);
    }
  }

  private Optional<String> text(int key) {
    return Optional.ofNullable(header.ints().get(key));
  }

  private Map<String, String> withPrefix(String prefix) {
    Map<String, String> values = new TreeMap<>();
    header
        .strings()
        .forEach(
            (key, value) -> {
              if (key.startsWith(prefix)) {
                values.put(key.substring(prefix.length()), value);
              }
            });
    return Collections.unmodifiableMap(values);
  }
}
