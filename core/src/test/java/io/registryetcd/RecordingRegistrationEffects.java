package io.registryetcd;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.Reason;
import io.registryetcd.Registration.State;
import io.registryetcd.etcd.EtcdException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes down what a registration machine asks for, and what it tells. */
final class RecordingRegistrationEffects implements RegistrationMachine.Effects {

  private final List<String> asked = new ArrayList<>();
  private Optional<EtcdException> problem = Optional.empty();

  /** What was asked for and told since the last call. */
  List<String> taken() {
    List<String> taken = List.copyOf(asked);
    asked.clear();
    return taken;
  }

  /** What stands in the way now. */
  Optional<EtcdException> problem() {
    return problem;
  }

  @Override
  public void read() {
    asked.add("read");
  }

  @Override
  public void put(ByteString value, long lease, long expectedModRevision, long expectedLease) {
    asked.add(
        "put %s under %d if it is of revision %d under %d"
            .formatted(value.toStringUtf8(), lease, expectedModRevision, expectedLease));
  }

  @Override
  public void delete(long lease) {
    asked.add("delete if under " + lease);
  }

  @Override
  public void watch(long startRevision) {
    asked.add("watch from " + startRevision);
  }

  @Override
  public void unwatch() {
    asked.add("unwatch");
  }

  @Override
  public void startTimer(Duration delay) {
    asked.add("timer " + delay);
  }

  @Override
  public void cancelTimer() {
    asked.add("cancel timer");
  }

  @Override
  public void moveToOwnLease() {
    asked.add("move to a lease of its own");
  }

  @Override
  public void leaseNotFound(long lease) {
    asked.add("no lease " + lease);
  }

  @Override
  public void leaveLease() {
    asked.add("leave the lease");
  }

  @Override
  public void fence(long lease) {
    asked.add("fence " + lease);
  }

  @Override
  public void step(State state, Reason reason, String message) {
    asked.add(state + " " + reason);
  }

  @Override
  public void problem(@Nullable EtcdException cause) {
    problem = Optional.ofNullable(cause);
  }
}
