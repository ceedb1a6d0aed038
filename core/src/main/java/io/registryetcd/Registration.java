package io.registryetcd;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * One service instance that is kept registered in etcd until it is closed.
 *
 * <pre>{@code
 * Registration hello = registry.register("Hello", Instance.of("0.0.0.0", 8888));
 * hello.await(Duration.ofSeconds(10));
 * }</pre>
 *
 * <p>Once begun it is never abandoned: an outage, a lost lease, a deleted key or an etcd that comes
 * back empty all lead back to {@link State#REGISTERED} without anybody's help. All methods may be
 * called from any thread, also from listeners; only {@link #await} and {@link #close} block, both
 * bounded.
 *
 * @since 0.1
 */
public interface Registration extends AutoCloseable {

  /** Where a registration stands. */
  enum State {
    /** The key has not been written yet. */
    REGISTERING,
    /** The key is in etcd under a live lease of this process. */
    REGISTERED,
    /** Was registered, or was refused fewer times than the limit, and tries again. */
    RETRYING,
    /** Another process owns the key; it is left alone. Registers at once when the key goes. */
    CONFLICT,
    /**
     * Refused as often as {@link RetryConfig#maxAttemptTimes()}; tries on at a slow pace, unless
     * told to give up.
     */
    FAILED,
    /** Taken out of service by {@link #pause()}: the key is gone, the process lives. */
    PAUSED,
    /** Closed: the key is deleted, or ends with its lease. */
    CLOSED
  }

  /** Why a registration changed. */
  enum Reason {
    /** The key was written, or found as it should be. */
    WRITTEN,
    /** The key was written over that of another lease: the newest process at an address wins. */
    TOOK_OVER,
    /** Somebody deleted the key. */
    KEY_DELETED,
    /** Somebody changed the value under our lease; it is put right. */
    MODIFIED,
    /** The key now belongs to another lease, or to none. */
    FOREIGN_OWNER,
    /** The lease is gone: revoked, or expired while etcd was away. */
    LEASE_LOST,
    /** etcd lost its data, or was restored from older data. */
    NEW_INCARNATION,
    /** etcd does not answer. */
    UNREACHABLE,
    /** etcd answered no: permission, quota, invalid. */
    REFUSED,
    /** The user asked for it: update, pause, resume, retry, close. */
    REQUESTED
  }

  /**
   * One step of a registration.
   *
   * @param from the state before; the same as {@code to} where only the reason is news
   * @param to the state now
   * @param reason why
   * @param message for people: names the key, the endpoint and what is done about it
   */
  record StateChange(State from, State to, Reason reason, String message) {}

  /**
   * The service's name.
   *
   * @return the name
   */
  String service();

  /**
   * The instance as it is registered: wildcard host and port replaced, weight and tags as last
   * updated.
   *
   * @return the instance
   */
  Instance instance();

  /**
   * The key in etcd.
   *
   * @return the key
   */
  String key();

  /**
   * Where this registration stands now.
   *
   * @return the state
   */
  State state();

  /**
   * What stands in the way.
   *
   * @return the last failure, or empty when registered
   */
  Optional<RegistryException> problem();

  /**
   * Completes when the key is in etcd for the first time, however long that takes.
   *
   * @return a future that fails at the first answered refusal (the registration goes on trying), or
   *     if the registration is closed before
   */
  CompletableFuture<Void> whenRegistered();

  /**
   * Waits until registered; returns at once if it is.
   *
   * @param timeout how long at most
   * @throws RegistryException the typed cause, if etcd has refused the last attempt or refuses the
   *     next one, if the registration is closed, or if it is not registered in time
   */
  void await(Duration timeout);

  /**
   * Calls {@code listener} at every step from now on, in order, one call at a time, on the callback
   * executor.
   *
   * @param listener the listener; one that throws is logged and called again
   * @return closing it ends the calls
   */
  Subscription onStateChange(Consumer<? super StateChange> listener);

  /**
   * Changes what is registered. Takes effect at once or, while etcd is away, when it is back.
   *
   * @param weight the new weight; 0 for 10, the default
   * @param tags the new tags, all of them
   * @throws IllegalArgumentException if the value becomes illegal or too large
   */
  void update(int weight, Map<String, String> tags);

  /** Takes the instance out of service: the key is deleted and stays away until {@link #resume}. */
  void pause();

  /** Ends a {@link #pause}. */
  void resume();

  /**
   * Begins a new round of attempts now: for one that has failed, or whose permission was just
   * given.
   */
  void retryNow();

  /**
   * Deregisters: deletes the key if it is ours, and wins over a put that is still under way. Waits
   * at most 1 s for etcd; what etcd could not do by then goes on in the background until the
   * registry is closed, or ends with the lease.
   */
  @Override
  void close();
}
