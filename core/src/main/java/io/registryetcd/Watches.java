package io.registryetcd;

import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.Header;
import io.registryetcd.etcd.KeyRange;
import io.registryetcd.etcd.WatchEvent;
import io.registryetcd.etcd.WatchStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The one watch stream of a session, shared by all who watch.
 *
 * <p>Changes only on the session's loop. A watch lives as long as the stream on which it was
 * opened; nobody is told of the end of each, because the session tells of the end of the stream.
 */
final class Watches {

  /** Whoever watches. */
  interface Handler {

    /** etcd watches from now on. */
    default void onCreated() {}

    /** Events in order; those of one revision together. */
    void onEvents(List<WatchEvent> events);

    /** This watch ended, the stream did not. */
    void onCanceled(EtcdException cause);
  }

  private final EtcdSession session;
  private final EtcdClient client;
  private final Loop loop;
  private final Map<Long, Handler> handlers = new HashMap<>();
  private @Nullable WatchStream stream;
  private int streamNumber;
  private long lastWatch;

  Watches(EtcdSession session) {
    this.session = session;
    this.client = session.client();
    this.loop = session.loop();
  }

  void open() {
    close();
    int number = ++streamNumber;
    stream =
        client.openWatchStream(
            new WatchStream.Listener() {
              @Override
              public void onCreated(Header header, long watch) {
                onLoop(number, () -> Watches.this.onCreated(header, watch));
              }

              @Override
              public void onEvents(Header header, long watch, List<WatchEvent> events) {
                onLoop(number, () -> Watches.this.onEvents(header, watch, events));
              }

              @Override
              public void onCanceled(long watch, long compactRevision, EtcdException cause) {
                onLoop(number, () -> Watches.this.onCanceled(watch, cause));
              }

              @Override
              public void onEnd(EtcdException cause) {
                onLoop(
                    number,
                    () -> {
                      close();
                      session.onWatchesEnded(cause);
                    });
              }
            });
  }

  private void onLoop(int number, Runnable task) {
    loop.execute(
        () -> {
          if (number == streamNumber) {
            task.run();
          }
        });
  }

  private void onCreated(Header header, long watch) {
    session.onStreamHeader(header);
    Handler handler = handlers.get(watch);
    if (handler != null) {
      handler.onCreated();
    }
  }

  private void onEvents(Header header, long watch, List<WatchEvent> events) {
    session.onStreamHeader(header);
    Handler handler = handlers.get(watch);
    if (handler != null) {
      handler.onEvents(events);
    }
  }

  private void onCanceled(long watch, EtcdException cause) {
    Handler handler = handlers.remove(watch);
    if (handler != null) {
      handler.onCanceled(cause);
    }
  }

  /** Watches a range from a revision on; 0 if there is no stream at present. */
  long add(KeyRange range, long startRevision, Handler handler) {
    if (stream == null) {
      return 0;
    }
    long watch = ++lastWatch;
    handlers.put(watch, handler);
    stream.watch(watch, range, startRevision);
    return watch;
  }

  /** Ends one watch; none of its events is delivered any more. */
  void remove(long watch) {
    if (handlers.remove(watch) != null && stream != null) {
      stream.cancel(watch);
    }
  }

  void close() {
    handlers.clear();
    streamNumber++;
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }
}
