package io.registryetcd.kitex;

import io.registryetcd.Instance;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.commons.pool2.BaseKeyedPooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericKeyedObjectPool;
import org.apache.commons.pool2.impl.GenericKeyedObjectPoolConfig;

/**
 * The connections of a client, counted and kept for each instance. Thread-safe; nothing blocks: a
 * new connection is lent before it is connected, and connects while it is lent.
 *
 * <p>A connection returned to an instance that is gone, or to a closed pool, is closed.
 */
final class ConnectionPool implements AutoCloseable {

  private final Limits limits;
  private final GenericKeyedObjectPool<Instance, Connection> pool;

  /** How many connections there are to one instance, and for how long they are kept. */
  record Limits(int maxConnections, int maxIdle, Duration maxIdleTime) {}

  ConnectionPool(Connector connector, Limits limits, int maxFrameBytes) {
    this.limits = limits;
    this.pool =
        new GenericKeyedObjectPool<>(
            new BaseKeyedPooledObjectFactory<>() {
              @Override
              public Connection create(Instance key) {
                return new Connection(key, connector, maxFrameBytes);
              }

              @Override
              public PooledObject<Connection> wrap(Connection connection) {
                return new DefaultPooledObject<>(connection);
              }

              @Override
              public boolean validateObject(Instance key, PooledObject<Connection> pooled) {
                return pooled.getObject().isUsable();
              }

              @Override
              public void destroyObject(Instance key, PooledObject<Connection> pooled) {
                pooled.getObject().close();
              }
            },
            config(limits));
  }

  private static GenericKeyedObjectPoolConfig<Connection> config(Limits limits) {
    var config = new GenericKeyedObjectPoolConfig<Connection>();
    config.setMaxTotal(-1);
    config.setMaxTotalPerKey(limits.maxConnections());
    config.setMaxIdlePerKey(limits.maxIdle());
    config.setMinEvictableIdleDuration(limits.maxIdleTime());
    config.setTimeBetweenEvictionRuns(limits.maxIdleTime().dividedBy(2));
    config.setNumTestsPerEvictionRun(-1);
    config.setTestWhileIdle(true);
    config.setTestOnBorrow(true);
    config.setBlockWhenExhausted(false);
    config.setJmxEnabled(false);
    return config;
  }

  /**
   * An idle connection that is still alive, or a new one.
   *
   * @throws ConnectException if there are as many as allowed, and all are lent
   */
  Connection borrow(Instance instance) throws ConnectException {
    try {
      return pool.borrowObject(key(instance));
    } catch (NoSuchElementException exhausted) {
      var refused =
          new ConnectException(
              "all " + limits.maxConnections() + " connections are in use (maxConnections)");
      refused.initCause(exhausted);
      throw refused;
    } catch (Exception e) {
      var refused = new ConnectException(e.getMessage());
      refused.initCause(e);
      throw refused;
    }
  }

  // one at a time: the pool counts the idle connections and then adds one, without a lock
  synchronized void giveBack(Connection connection) {
    pool.returnObject(connection.instance(), connection);
  }

  void discard(Connection connection) {
    try {
      pool.invalidateObject(connection.instance(), connection);
    } catch (Exception e) {
      throw new AssertionError("closing a connection throws nothing", e);
    }
  }

  /** Closes the idle connections to an instance. */
  void drop(Instance instance) {
    pool.clear(key(instance));
  }

  /** Closes the idle connections; those that are lent when they come back. */
  @Override
  public void close() {
    pool.close();
  }

  /** What a connection depends on: the address, not weight and tags. */
  private static Instance key(Instance instance) {
    return instance.withWeight(0).withTags(Map.of());
  }
}
