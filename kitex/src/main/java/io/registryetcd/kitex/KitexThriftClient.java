package io.registryetcd.kitex;

import static java.util.Objects.requireNonNullElse;

import com.google.common.base.Throwables;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.thrift.TException;
import org.apache.thrift.TServiceClient;
import org.apache.thrift.TServiceClientFactory;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.jspecify.annotations.Nullable;

/**
 * Calls a Thrift service through the client that the Thrift compiler generated, which stays as it
 * is: {@code Hello.Client} gets a protocol whose requests go out through a {@link KitexClient}.
 *
 * <pre>{@code
 * var thrift = KitexThriftClient.of(client, new Hello.Client.Factory());
 *
 * Hello.Iface hello = thrift.proxy(Hello.Iface.class);    // for many threads, unlike Hello.Client
 * Response first = hello.echo(request);
 *
 * Response same = thrift.call(c -> c.echo(request));      // without a proxy
 *
 * CompletableFuture<Response> later =                     // no thread waits
 *     thrift.callAsync(c -> c.send_echo(request), c -> c.recv_echo());
 * }</pre>
 *
 * <p>Immutable, and safe for use by many threads. A blocked call ends when its thread is
 * interrupted. What a call throws:
 *
 * <ul>
 *   <li>the exceptions that the method declares
 *   <li>{@link BizStatusException}: Kitex's biz status
 *   <li>{@link org.apache.thrift.TApplicationException}: the handler failed (6), or no such service
 *       (20) or method (1), or arguments that cannot be read (7)
 *   <li>{@link org.apache.thrift.transport.TTransportException}, whose message names the service
 *       and the instance. Its type {@code NOT_OPEN} means that the call was not sent: there is no
 *       instance (the cause is a {@link io.registryetcd.NoInstanceException}), or none could be
 *       connected to. With any other type it may have run: {@code TIMED_OUT}, {@code END_OF_FILE}
 *       (the connection ended), {@code CORRUPTED_DATA} (what came back is no reply to it), {@code
 *       UNKNOWN} (interrupted, or the client was closed)
 *   <li>{@link IllegalArgumentException}: the {@link CallMetadata} does not fit into a TTHeader
 * </ul>
 *
 * @param <C> the generated client
 * @since 0.1
 */
public final class KitexThriftClient<C extends TServiceClient> {

  private final KitexClient client;
  private final TServiceClientFactory<C> factory;
  private final Class<?> generated;
  private final String idlService;
  private final Duration callTimeout;

  /**
   * A call of one or several methods, or the receiving half of one.
   *
   * @param <C> the generated client
   * @param <R> the result
   * @since 0.1
   */
  @FunctionalInterface
  public interface Call<C, R extends @Nullable Object> {

    /**
     * Makes the call.
     *
     * @param client for this call and this thread only
     * @return the result
     * @throws TException what the method throws
     */
    R on(C client) throws TException;
  }

  /**
   * A call without a result, or the sending half of one.
   *
   * @param <C> the generated client
   * @since 0.1
   */
  @FunctionalInterface
  public interface Send<C> {

    /**
     * Makes the call.
     *
     * @param client for this call and this thread only
     * @throws TException what the method throws
     */
    void on(C client) throws TException;
  }

  private KitexThriftClient(
      KitexClient client,
      TServiceClientFactory<C> factory,
      Class<?> generated,
      Duration callTimeout) {
    this.client = client;
    this.factory = factory;
    this.generated = generated;
    Class<?> service = generated.getEnclosingClass();
    this.idlService = service == null ? "" : service.getSimpleName();
    this.callTimeout = callTimeout;
  }

  /**
   * Thrift calls through a client. The service's name in the IDL is that of the class around the
   * generated client, unless {@link KitexClient.Builder#idlService} says otherwise.
   *
   * @param <C> the generated client
   * @param client finds instances and keeps connections; not closed by this
   * @param factory that of the generated client, such as {@code new Hello.Client.Factory()}
   * @return the Thrift client
   */
  public static <C extends TServiceClient> KitexThriftClient<C> of(
      KitexClient client, TServiceClientFactory<C> factory) {
    C sample = factory.getClient(new TBinaryProtocol(new ThriftTransport(request -> {})));
    return new KitexThriftClient<>(client, factory, sample.getClass(), client.callTimeout());
  }

  /**
   * The same with another time limit.
   *
   * @param timeout for each call, as in {@link KitexClient.Builder#callTimeout}
   * @return the changed copy
   */
  public KitexThriftClient<C> withCallTimeout(Duration timeout) {
    return new KitexThriftClient<>(
        client, factory, generated, KitexClient.checkedCallTimeout(timeout));
  }

  /**
   * Calls a method, and waits for its result.
   *
   * @param <R> the result
   * @param call such as {@code c -> c.echo(request)}; may call several methods, each of which picks
   *     an instance and has the time limit for itself
   * @return the result
   * @throws TException as the class says
   */
  public <R extends @Nullable Object> R call(Call<? super C, R> call) throws TException {
    try (ThriftCall use = use(true)) {
      return call.on(factory.getClient(use.protocol()));
    }
  }

  /**
   * Calls a method without a result, and waits for its end; for a oneway method until the request
   * is written.
   *
   * @param call such as {@code c -> c.fire(request)}
   * @throws TException as the class says
   */
  public void run(Send<? super C> call) throws TException {
    try (ThriftCall use = use(true)) {
      call.on(factory.getClient(use.protocol()));
    }
  }

  /**
   * Begins to call a method. Does not block, whatever has to be waited for.
   *
   * @param <R> the result
   * @param send such as {@code c -> c.send_echo(request)}; runs at once
   * @param receive such as {@code c -> c.recv_echo()}; runs on the client's executor
   * @return the result, completed on the client's executor; cancelling it gives up the call
   */
  public <R extends @Nullable Object> CompletableFuture<R> callAsync(
      Send<? super C> send, Call<? super C, R> receive) {
    ThriftCall use = use(false);
    C generatedClient = factory.getClient(use.protocol());
    return async(
        use, generatedClient, send, result -> result.complete(receive.on(generatedClient)));
  }

  /**
   * Begins to send a oneway call. Does not block.
   *
   * @param send such as {@code c -> c.fire(request)}; runs at once
   * @return completed on the client's executor when the request is written; cancelling it gives up
   *     the call
   */
  public CompletableFuture<@Nullable Void> sendAsync(Send<? super C> send) {
    ThriftCall use = use(false);
    C generatedClient = factory.getClient(use.protocol());
    return async(
        use,
        generatedClient,
        send,
        result -> {
          use.awaitWritten();
          result.complete(null);
        });
  }

  private <R extends @Nullable Object> CompletableFuture<R> async(
      ThriftCall use,
      C generatedClient,
      Send<? super C> send,
      Send<CompletableFuture<R>> complete) {
    CompletableFuture<R> result = new CompletableFuture<>();
    try {
      send.on(generatedClient);
      use.sent()
          .result()
          .whenCompleteAsync((reply, failure) -> finish(complete, result), client.executor())
          .exceptionally(
              failure -> {
                result.completeExceptionally(failure); // unless done: the executor refused
                return Optional.empty();
              });
    } catch (TException | RuntimeException e) {
      result.completeExceptionally(e);
    }
    result.whenComplete((value, failure) -> use.close());
    return result;
  }

  private static <R extends @Nullable Object> void finish(
      Send<CompletableFuture<R>> complete, CompletableFuture<R> result) {
    try {
      complete.on(result);
    } catch (Throwable e) { // as the stages of a CompletableFuture do
      result.completeExceptionally(e);
    }
  }

  /**
   * The service as its generated interface.
   *
   * @param <I> the generated interface
   * @param type such as {@code Hello.Iface.class}
   * @return an object for many threads; each method is a {@link #call}
   * @throws IllegalArgumentException if the generated client does not implement the interface
   */
  public <I> I proxy(Class<I> type) {
    if (!type.isInterface() || !type.isAssignableFrom(generated)) {
      throw new IllegalArgumentException(
          "type: " + type.getName() + " (expected: an interface of " + generated.getName() + ")");
    }
    InvocationHandler calls =
        (proxy, method, arguments) ->
            method.getDeclaringClass() == Object.class
                ? ofObject(proxy, method, arguments)
                : invoke(method, arguments);
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, calls));
  }

  private @Nullable Object ofObject(Object proxy, Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "equals" -> proxy == arguments[0];
      case "hashCode" -> System.identityHashCode(proxy);
      default -> idlService + " at " + client.service();
    };
  }

  private @Nullable Object invoke(Method method, Object[] arguments) throws TException {
    try (ThriftCall use = use(true)) {
      return method.invoke(factory.getClient(use.protocol()), arguments);
    } catch (InvocationTargetException e) {
      Throwable cause = requireNonNullElse(e.getCause(), e);
      Throwables.throwIfInstanceOf(cause, TException.class);
      Throwables.throwIfUnchecked(cause);
      throw new TException(cause);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(
          method + ": not accessible (expected: its package exported to io.registryetcd.kitex)", e);
    }
  }

  private ThriftCall use(boolean blocking) {
    return new ThriftCall(client, idlService, callTimeout, blocking);
  }
}
