package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryetcd.etcd.EtcdException.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class UnaryCallTest {

  @Test
  void aCallWhoseAnswerCannotBeReadFailsAndSaysWhy() {
    try (FakeEtcd etcd = FakeEtcd.start(1)) {
      ClientThread thread = new ClientThread();
      EtcdClientConfig config = Clients.config(etcd.endpoint());
      Connections connections = new Connections(config, new Channels(config, thread), thread);
      Login login = new Login(config, connections, thread);
      Rpc rpc = new Rpc(thread, connections, login, config.requestTimeout());

      CompletableFuture<Object> call =
          UnaryCall.start(
              rpc,
              Method.RANGE,
              Messages.range(Clients.key("a")),
              response -> {
                throw new NoSuchMethodError("of another protobuf");
              });

      assertThat(call)
          .failsWithin(Duration.ofSeconds(10))
          .withThrowableThat()
          .havingCause()
          .isInstanceOfSatisfying(
              EtcdException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
          .withMessageContaining("range")
          .withMessageContaining("NoSuchMethodError: of another protobuf");
      thread.execute(connections::close);
      thread.shutdown();
    }
  }
}
