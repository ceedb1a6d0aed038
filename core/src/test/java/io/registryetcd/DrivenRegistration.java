package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.registryetcd.Registration.State;
import io.registryetcd.SessionMachine.Continuity;
import io.registryetcd.etcd.KeyValue;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * A registration's machine, driven by hand. The leases 1, 2 and 3 are ours, 66 is another
 * process's, 0 is none.
 */
abstract class DrivenRegistration {

  static final Duration TTL = Duration.ofSeconds(6);
  static final Optional<KeyValue> NOTHING = Optional.empty();
  static final String FIRST_PUT = "put v1 under 1 if it is of revision 0 under 0";

  final RecordingRegistrationEffects effects = new RecordingRegistrationEffects();
  RegistrationMachine machine = machine(RetryConfig.DEFAULT, ConflictPolicy.WAIT);

  RegistrationMachine machine(RetryConfig retry, ConflictPolicy policy) {
    FakeRandom random = new FakeRandom();
    return new RegistrationMachine(
        new RegistrationMachine.Settings(
            "k",
            retry,
            policy,
            Set.of(1L, 2L, 3L)::contains,
            new Backoff(Duration.ofSeconds(5), random),
            random),
        ByteString.copyFromUtf8("v1"),
        effects);
  }

  static Optional<KeyValue> key(String value, long modRevision, long lease) {
    return Optional.of(
        new KeyValue(
            ByteString.copyFromUtf8("k"),
            ByteString.copyFromUtf8(value),
            modRevision,
            modRevision,
            1,
            lease));
  }

  void connect() {
    machine.onLease(1, TTL);
    machine.onConnected(Continuity.SAME);
  }

  /** The key is there as revision 11, in a history that has come to 11. */
  void register() {
    connect();
    machine.onRead(10, NOTHING);
    machine.onPut(11);
    assertThat(machine.state()).isEqualTo(State.REGISTERED);
    effects.taken();
  }

  void registerWith(RetryConfig retry, ConflictPolicy policy) {
    machine = machine(retry, policy);
    register();
  }
}
