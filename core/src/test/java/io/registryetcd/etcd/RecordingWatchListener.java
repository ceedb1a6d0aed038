package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what a watch stream told, in order. */
class RecordingWatchListener implements WatchStream.Listener {

  private static final long LIMIT_SECONDS = 20;

  /** Anything told. */
  sealed interface Told permits Created, Events, Canceled, Ended {}

  record Created(Header header, long watch) implements Told {}

  record Events(Header header, long watch, List<WatchEvent> events) implements Told {}

  record Canceled(long watch, long compactRevision, EtcdException cause) implements Told {}

  record Ended(EtcdException cause) implements Told {}

  private final BlockingQueue<Told> told = new LinkedBlockingQueue<>();

  /** The next thing told, which must be of a type. */
  <T extends Told> T next(Class<T> type) {
    try {
      Told next = told.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      assertThat(next).isInstanceOf(type);
      return type.cast(next);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** What was told and not yet taken. */
  List<Told> rest() {
    return List.copyOf(told);
  }

  @Override
  public void onCreated(Header header, long watch) {
    told.add(new Created(header, watch));
  }

  @Override
  public void onEvents(Header header, long watch, List<WatchEvent> events) {
    told.add(new Events(header, watch, events));
  }

  @Override
  public void onCanceled(long watch, long compactRevision, EtcdException cause) {
    told.add(new Canceled(watch, compactRevision, cause));
  }

  @Override
  public void onEnd(EtcdException cause) {
    told.add(new Ended(cause));
  }
}
