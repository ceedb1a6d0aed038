package io.registryetcd;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A live view of the instances of one service, kept up to date by a watch.
 *
 * <pre>{@code
 * try (ServiceView view = resolver.view("Hello")) {
 *   view.onChange(change -> System.out.println(change.snapshot().instances()));
 * }
 * }</pre>
 *
 * <p>No method blocks, and all may be called from any thread. Listeners are called one after the
 * other on the resolver's callback executor, never on an I/O thread; one that throws is logged and
 * called again at the next change, one that is slow sees later changes merged into one. Views of
 * the same service share one watch, which ends some time after the last of them was closed.
 *
 * @since 0.1
 */
public interface ServiceView extends AutoCloseable {

  /**
   * The service's name.
   *
   * @return the name
   */
  String service();

  /**
   * The range of etcd keys that this view shows, for logs and errors.
   *
   * @return the common prefix of the keys
   */
  String keyRange();

  /**
   * Completes with the first snapshot that etcd has answered, however long that takes.
   *
   * @return a future that fails only if the view is closed before
   */
  CompletableFuture<Snapshot> whenReady();

  /**
   * The latest snapshot, from memory.
   *
   * @return the snapshot; before the first list a pending one without instances, or that of the
   *     snapshot file
   */
  Snapshot snapshot();

  /**
   * Why etcd does not answer for this view at present.
   *
   * @return the cause, or empty while the view is live or nothing has failed yet
   */
  Optional<RegistryException> problem();

  /**
   * Calls {@code listener} at every change from now on; first of all with the present instances as
   * added, if there are any.
   *
   * @param listener called on the callback executor, one call at a time
   * @return closing it ends the calls
   */
  Subscription onChange(Consumer<? super Change> listener);

  /**
   * Calls {@code listener} whenever a problem appears or becomes one of another kind, and at once
   * if there is one. {@link #problem()} is always the latest.
   *
   * @param listener called on the callback executor, one call at a time
   * @return closing it ends the calls
   */
  Subscription onProblem(Consumer<? super RegistryException> listener);

  /** Asks for a sooner attempt if etcd is away, and does nothing if the view is live. */
  void refresh();

  /** Ends this view and its listeners. The watch behind it may go on for a while. */
  @Override
  void close();
}
