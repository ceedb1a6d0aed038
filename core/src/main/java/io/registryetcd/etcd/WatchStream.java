package io.registryetcd.etcd;

import java.util.List;

/**
 * An open stream of watches; many watches share it.
 *
 * <p>Opened before there is a token, it waits for the login and then sends what was asked of it.
 * etcd checks each watch with the token the stream was opened with, however old; when that is no
 * longer good the whole stream ends ({@code UNAVAILABLE}) and the next one is opened with a new
 * token. So a watch that is canceled as {@code DENIED} is denied to the user, and not just to an
 * old token.
 *
 * <p>Its methods may be called from any thread and never block.
 */
public interface WatchStream {

  /**
   * Asks for the events of a range from {@code startRevision} on, that revision included.
   *
   * @param watch the caller's number for this watch, unique on this stream
   */
  void watch(long watch, KeyRange range, long startRevision);

  /** Ends one watch; events already on their way may still be delivered, an end is not. */
  void cancel(long watch);

  /**
   * Closes the stream without a call of {@link Listener#onEnd}. A callback that runs at this moment
   * on the client's thread may still end; none begins after it.
   */
  void close();

  /** Told in order, on a thread of the client. */
  interface Listener {

    /** etcd has set the watch up. */
    void onCreated(Header header, long watch);

    /** Events in revision order; those of one revision are never split over two calls. */
    void onEvents(Header header, long watch, List<WatchEvent> events);

    /**
     * etcd has refused or ended this one watch.
     *
     * @param compactRevision the compaction that made its start revision unreadable, else 0
     * @param cause why; kind {@code COMPACTED}, {@code DENIED} and so on
     */
    void onCanceled(long watch, long compactRevision, EtcdException cause);

    /** The stream ended, cleanly or not, and all its watches with it; nothing follows. */
    void onEnd(EtcdException cause);
  }
}
