package io.registryetcd.etcd;

/**
 * An open stream of lease keepalives; many leases share it.
 *
 * <p>Opened before there is a token, it waits for the login and then sends what was asked of it.
 * From etcd 3.7 on it ends when its token expires ({@code UNAVAILABLE}), and the next one is opened
 * with a new token. Its methods may be called from any thread and never block.
 */
public interface LeaseStream {

  /** Asks etcd to renew a lease. Ignored after the end. */
  void keepAlive(long leaseId);

  /**
   * Closes the stream without a call of {@link Listener#onEnd}. A callback that runs at this moment
   * on the client's thread may still end; none begins after it.
   */
  void close();

  /** Told in order, on a thread of the client. */
  interface Listener {

    /**
     * The login is done, or there is no user to log in: what is asked from now on is sent. Before
     * that the silence of the stream means nothing.
     */
    void onLoggedIn();

    /** The answer to one keepalive; {@code ttlSeconds <= 0} means that the lease is lost. */
    void onReply(Header header, long leaseId, long ttlSeconds);

    /** The stream ended, cleanly or not; nothing follows. */
    void onEnd(EtcdException cause);
  }
}
