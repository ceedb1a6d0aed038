package io.registryetcd;

import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.EtcdException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a session machine asks for. */
final class RecordingSessionEffects implements SessionMachine.Effects {

  private final List<String> asked = new ArrayList<>();

  /** What was asked for since the last call. */
  List<String> taken() {
    List<String> taken = List.copyOf(asked);
    asked.clear();
    return taken;
  }

  @Override
  public void probe(int number) {
    asked.add("probe " + number);
  }

  @Override
  public void openWatches() {
    asked.add("open watches");
  }

  @Override
  public void closeWatches() {
    asked.add("close watches");
  }

  @Override
  public void startTimer(Duration delay) {
    asked.add("timer " + delay);
  }

  @Override
  public void connected(Continuity continuity) {
    asked.add("connected " + continuity);
  }

  @Override
  public void disconnected(EtcdException cause) {
    asked.add("disconnected");
  }
}
