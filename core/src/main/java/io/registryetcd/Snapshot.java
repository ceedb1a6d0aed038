package io.registryetcd;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The instances of one service at one moment: immutable, sorted by address, safe to keep and to
 * share.
 *
 * <p>A snapshot is {@link Freshness#LIVE live} while etcd is watched. While etcd is away the last
 * good instances are served on, marked {@link Freshness#STALE stale} with their age, because an
 * outage of the registry says nothing about the services.
 *
 * @since 0.1
 */
public final class Snapshot implements Iterable<Instance> {

  /** How far a snapshot can be trusted. */
  public enum Freshness {
    /** Nothing is known yet: the first list has not been answered. */
    PENDING,
    /** Read from the snapshot file of an earlier run; the first list has not been answered. */
    FILE,
    /** The last state known before etcd went away. */
    STALE,
    /** etcd is watched; a change becomes visible within a round trip. */
    LIVE
  }

  private final String service;
  private final List<Instance> instances;
  private final Set<Instance> unconfirmed;
  private final long revision;
  private final Freshness freshness;
  private final Optional<Duration> ageAtCreation;
  private final long createdNanos;
  private final Ticker ticker;
  private final Emptiness emptiness;

  Snapshot(
      String service,
      List<Instance> instances,
      Set<Instance> unconfirmed,
      long revision,
      Freshness freshness,
      Optional<Duration> age,
      Ticker ticker,
      Emptiness emptiness) {
    this.service = service;
    this.instances = instances;
    this.unconfirmed = unconfirmed;
    this.revision = revision;
    this.freshness = freshness;
    this.ageAtCreation = age;
    this.createdNanos = ticker.nanos();
    this.ticker = ticker;
    this.emptiness = emptiness;
  }

  /**
   * The service's name.
   *
   * @return the name
   */
  public String service() {
    return service;
  }

  /**
   * The instances, sorted by address; one for each address.
   *
   * @return an unmodifiable list
   */
  public List<Instance> instances() {
    return instances;
  }

  /**
   * Those of {@link #instances()} that are no longer in etcd but kept for a moment, because they
   * vanished in a way that an accident explains better than their end: etcd came back empty, or all
   * went at once.
   *
   * @return an unmodifiable set, empty but for such moments
   */
  public Set<Instance> unconfirmed() {
    return unconfirmed;
  }

  /**
   * The etcd revision that this snapshot shows.
   *
   * @return the revision, 0 before the first list
   */
  public long revision() {
    return revision;
  }

  /**
   * How far this snapshot can be trusted.
   *
   * @return pending, file, stale or live
   */
  public Freshness freshness() {
    return freshness;
  }

  /**
   * Whether etcd is being watched.
   *
   * @return true if the freshness is {@link Freshness#LIVE}
   */
  public boolean isLive() {
    return freshness == Freshness.LIVE;
  }

  /**
   * For how long etcd has not been seen, as of now.
   *
   * @return the age of a stale snapshot or of one from a file, else empty
   */
  public Optional<Duration> age() {
    return ageAtCreation.map(age -> age.plusNanos(ticker.nanos() - createdNanos));
  }

  /**
   * Whether there is no instance.
   *
   * @return true if there is none
   */
  public boolean isEmpty() {
    return instances.isEmpty();
  }

  /**
   * How many instances there are.
   *
   * @return the number
   */
  public int size() {
    return instances.size();
  }

  @Override
  public Iterator<Instance> iterator() {
    return instances.iterator();
  }

  /** Why there is no instance; meaningful if empty. */
  Emptiness emptiness() {
    return emptiness;
  }

  @Override
  public String toString() {
    return service + "@" + revision + " " + freshness + " " + instances;
  }

  /** What a view saw under its key range beside usable instances. */
  record Emptiness(String range, int keys, int malformed, int filtered) {}
}
