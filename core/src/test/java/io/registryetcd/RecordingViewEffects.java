package io.registryetcd;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.KeyValue;
import io.registryetcd.etcd.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a view machine asks for, and what it tells. */
final class RecordingViewEffects implements ViewMachine.Effects {

  private final List<String> asked = new ArrayList<>();

  /** What was asked for and told since the last call. */
  List<String> taken() {
    List<String> taken = List.copyOf(asked);
    asked.clear();
    return taken;
  }

  @Override
  public void list(int number) {
    asked.add("list " + number);
  }

  @Override
  public void watch(long startRevision) {
    asked.add("watch from " + startRevision);
  }

  @Override
  public void startTimer(Duration delay) {
    asked.add("timer " + delay);
  }

  @Override
  public void replaced(long revision, List<KeyValue> kvs, boolean newIncarnation) {
    asked.add("replaced at " + revision + (newIncarnation ? " in a new incarnation" : ""));
  }

  @Override
  public void changed(long revision, List<WatchEvent> events) {
    List<Long> revisions = events.stream().map(WatchEvent::modRevision).toList();
    asked.add("changed to " + revision + " by " + revisions);
  }

  @Override
  public void live() {
    asked.add("live");
  }

  @Override
  public void stale(EtcdException cause) {
    asked.add("stale");
  }
}
