package io.registryetcd.kitex;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What goes with calls beside their arguments, in the TTHeader: a log id, and values that the next
 * service reads (transit) or that all services down the way read (persist).
 *
 * <pre>{@code
 * CallMetadata.current()
 *     .withPersist("user", "42")
 *     .withTransit("attempt", "1")
 *     .call(() -> hello.echo(request));
 * }</pre>
 *
 * <p>Belongs to the thread: {@link #current()} is what was made current by {@link #run} or {@link
 * #call}, and inside a handler of {@link KitexServer} what the caller's metadata passes on, which
 * is its log id and its persist values. Immutable.
 *
 * @since 0.1
 */
public final class CallMetadata {

  private static final ThreadLocal<CallMetadata> CURRENT = new ThreadLocal<>();

  /** No metadata. */
  public static final CallMetadata EMPTY =
      new CallMetadata(Map.of(), Map.of(), Optional.empty(), Optional.empty(), values -> {});

  private final Map<String, String> transit;
  private final Map<String, String> persist;
  private final Optional<String> logId;
  private final Optional<String> fromMethod;
  private final Consumer<Map<String, String>> onReply;

  private CallMetadata(
      Map<String, String> transit,
      Map<String, String> persist,
      Optional<String> logId,
      Optional<String> fromMethod,
      Consumer<Map<String, String>> onReply) {
    this.transit = transit;
    this.persist = persist;
    this.logId = logId;
    this.fromMethod = fromMethod;
    this.onReply = onReply;
  }

  /**
   * The metadata of this thread.
   *
   * @return {@link #EMPTY} if none was made current
   */
  public static CallMetadata current() {
    CallMetadata current = CURRENT.get();
    return current == null ? EMPTY : current;
  }

  /**
   * With a value for the next service only ({@code RPC_TRANSIT_}).
   *
   * @param key without the prefix
   * @param value the value
   * @return the changed copy
   */
  public CallMetadata withTransit(String key, String value) {
    return new CallMetadata(with(transit, key, value), persist, logId, fromMethod, onReply);
  }

  /**
   * With a value for all services down the way ({@code RPC_PERSIST_}).
   *
   * @param key without the prefix
   * @param value the value
   * @return the changed copy
   */
  public CallMetadata withPersist(String key, String value) {
    return new CallMetadata(transit, with(persist, key, value), logId, fromMethod, onReply);
  }

  /** With these values, and no others, for all services down the way. */
  CallMetadata withPersist(Map<String, String> values) {
    return new CallMetadata(transit, new TreeMap<>(values), logId, fromMethod, onReply);
  }

  /**
   * With a log id.
   *
   * @param id the log id
   * @return the changed copy
   */
  public CallMetadata withLogId(String id) {
    return new CallMetadata(transit, persist, Optional.of(id), fromMethod, onReply);
  }

  /** With the method that calls, for what is called inside a handler. */
  CallMetadata withFromMethod(String method) {
    return new CallMetadata(transit, persist, logId, Optional.of(method), onReply);
  }

  /**
   * With a listener for what servers send back with their replies (Kitex: backward metadata).
   *
   * @param listener gets the values of each reply that has some, before the call returns
   * @return the changed copy
   */
  public CallMetadata onReply(Consumer<Map<String, String>> listener) {
    return new CallMetadata(transit, persist, logId, fromMethod, listener);
  }

  private static Map<String, String> with(Map<String, String> map, String key, String value) {
    TreeMap<String, String> copy = new TreeMap<>(map);
    copy.put(key, value);
    return copy;
  }

  /**
   * The values for the next service.
   *
   * @return sorted
   */
  public Map<String, String> transit() {
    return Collections.unmodifiableMap(transit);
  }

  /**
   * The values for all services down the way.
   *
   * @return sorted
   */
  public Map<String, String> persist() {
    return Collections.unmodifiableMap(persist);
  }

  /**
   * The log id.
   *
   * @return empty if none was set
   */
  public Optional<String> logId() {
    return logId;
  }

  Optional<String> fromMethod() {
    return fromMethod;
  }

  void tellReply(Map<String, String> values) {
    onReply.accept(values);
  }

  /**
   * Runs something with this metadata as that of the thread.
   *
   * @param work what to run
   */
  public void run(Runnable work) {
    CallMetadata before = CURRENT.get();
    CURRENT.set(this);
    try {
      work.run();
    } finally {
      restore(before);
    }
  }

  /**
   * Calls something with this metadata as that of the thread.
   *
   * @param <T> what it returns
   * @param work what to call
   * @return what it returned
   * @throws Exception what it threw
   */
  public <T> T call(Callable<T> work) throws Exception {
    CallMetadata before = CURRENT.get();
    CURRENT.set(this);
    try {
      return work.call();
    } finally {
      restore(before);
    }
  }

  private static void restore(@Nullable CallMetadata before) {
    if (before == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(before);
    }
  }
}
