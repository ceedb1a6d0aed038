package io.registryetcd.examples;

import io.registryetcd.EtcdRegistry;
import io.registryetcd.Registration;
import io.registryetcd.examples.api.Hello;
import io.registryetcd.kitex.KitexRegistration;
import io.registryetcd.kitex.KitexServer;
import io.registryetcd.kitex.ProtobufService;
import io.registryetcd.kitex.ThriftService;
import io.registryetcd.server.RegisteredServer;
import java.io.IOException;

/** The hello server in Kitex's protocols: Thrift in all framings, and Kitex-Protobuf. */
final class KitexHelloServer implements HelloServer {

  private final RegisteredServer<KitexServer> server;

  private KitexHelloServer(RegisteredServer<KitexServer> server) {
    this.server = server;
  }

  static KitexHelloServer start(HelloSpec spec, EtcdRegistry registry) throws IOException {
    Answers answers = new Answers(spec.id());
    KitexServer.Builder server =
        KitexServer.builder()
            .listen(spec.listen())
            .service(
                ThriftService.of(
                    Hello.Iface.class, new HelloService(answers), Hello.Processor::new))
            .service(ProtobufService.of(new EchoService(answers)));
    KitexRegistration registration =
        KitexRegistration.of(registry)
            .service(spec.service())
            .weight(spec.weight())
            .drainDelay(spec.drainDelay());
    spec.tags().forEach(registration::tag);
    spec.advertise().ifPresent(registration::advertise);
    return new KitexHelloServer(registration.start(server));
  }

  @Override
  public Registration registration() {
    return server.registrations().get(0);
  }

  @Override
  public void shutdownOnExit() {
    server.shutdownOnExit();
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }
}
