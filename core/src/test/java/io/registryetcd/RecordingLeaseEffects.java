package io.registryetcd;

import io.registryetcd.etcd.EtcdException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a lease machine asks for. */
final class RecordingLeaseEffects implements LeaseMachine.Effects {

  private final List<String> asked = new ArrayList<>();

  /** What was asked for since the last call. */
  List<String> taken() {
    List<String> taken = List.copyOf(asked);
    asked.clear();
    return taken;
  }

  @Override
  public void grant(LeaseMachine lease) {
    asked.add("grant " + lease.id());
  }

  @Override
  public void keepAlive(LeaseMachine lease) {
    asked.add("keep alive");
  }

  @Override
  public void revoke(LeaseMachine lease) {
    asked.add("revoke " + lease.id());
  }

  @Override
  public void startTimer(LeaseMachine lease, Duration delay) {
    asked.add("timer " + delay);
  }

  @Override
  public void live(LeaseMachine lease) {
    asked.add("live");
  }

  @Override
  public void doubtful(LeaseMachine lease, boolean doubtful) {
    asked.add(doubtful ? "doubtful" : "no longer doubtful");
  }

  @Override
  public void refused(LeaseMachine lease, EtcdException cause) {
    asked.add("refused " + cause.kind());
  }

  @Override
  public void lost(LeaseMachine lease) {
    asked.add("lost");
  }

  @Override
  public void revoked(LeaseMachine lease) {
    asked.add("revoked");
  }
}
