package io.registryetcd.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import io.grpc.stub.StreamObserver;
import io.registryetcd.EtcdConfig;
import io.registryetcd.EtcdRegistry;
import io.registryetcd.EtcdResolver;
import io.registryetcd.examples.Program;
import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Request;
import io.registryetcd.examples.api.Response;
import io.registryetcd.examples.pbapi.EchoGrpc;
import io.registryetcd.kitex.Framing;
import io.registryetcd.kitex.KitexClient;
import io.registryetcd.kitex.KitexRegistration;
import io.registryetcd.kitex.KitexServer;
import io.registryetcd.kitex.KitexThriftClient;
import io.registryetcd.kitex.ProtobufService;
import io.registryetcd.kitex.ThriftService;
import io.registryetcd.server.RegisteredServer;
import io.registryetcd.testkit.TestEtcd;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.thrift.TException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * All protocols at once for a while, a server and clients in this JVM against Go clients and a Go
 * server: nothing grows. For {@code soak.seconds}, 20 unless it is set.
 */
@ExtendWith(RequiresGo.class)
class SoakTest {

  private static final int SECONDS = Integer.getInteger("soak.seconds", 20);
  private static final Duration WARM_UP = Duration.ofSeconds(Math.max(5, SECONDS / 10));

  /** What must not grow. */
  private record Usage(long heapMiB, long directMiB, long files, int threads) {

    static Usage now() {
      System.gc();
      var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      long direct =
          ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
              .mapToLong(BufferPoolMXBean::getMemoryUsed)
              .sum();
      // what the collection left, without what callers have allocated since
      long heap =
          ManagementFactory.getMemoryPoolMXBeans().stream()
              .filter(pool -> pool.getType() == MemoryType.HEAP)
              .map(MemoryPoolMXBean::getCollectionUsage)
              .filter(Objects::nonNull)
              .mapToLong(MemoryUsage::getUsed)
              .sum();
      return new Usage(
          heap >> 20,
          direct >> 20,
          system.getOpenFileDescriptorCount(),
          ManagementFactory.getThreadMXBean().getThreadCount());
    }
  }

  /** A thread that calls without a pause. */
  private static final class Caller {

    private final Thread thread;
    private volatile boolean ended;
    private volatile int calls;
    private volatile int failed;

    Caller(String name, Callable<String> call) {
      thread = new Thread(() -> callUntilEnded(call), name);
      thread.setDaemon(true);
      thread.start();
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by one thread
    private void callUntilEnded(Callable<String> call) {
      while (!ended) {
        try {
          if (!call.call().endsWith("|soak")) {
            failed++;
          }
        } catch (Exception e) {
          failed++;
        }
        calls++;
      }
    }

    void end() throws InterruptedException {
      ended = true;
      thread.join();
    }
  }

  @Test
  @Timeout(1800)
  void nothingGrows() throws IOException, InterruptedException {
    // the default adds a thread when none is idle: its number is that of the most calls at once
    ExecutorService handlers = Executors.newFixedThreadPool(4);
    try (TestEtcd etcd = TestEtcd.start();
        Peers peers = new Peers(etcd);
        EtcdRegistry registry = EtcdRegistry.create(etcd.endpoint());
        RegisteredServer<KitexServer> server = server(registry, handlers);
        EtcdResolver resolver = resolver(etcd)) {
      server.awaitRegistered(Duration.ofSeconds(10));
      peers.server(Side.GO, "framed", "Go", "go").awaitReady();
      List<KitexClient> clients = new ArrayList<>();
      List<Caller> callers = new ArrayList<>();
      List<Program> goClients = new ArrayList<>();
      for (String service : List.of("Java", "Go")) {
        for (Framing framing : Framing.values()) {
          clients.add(client(resolver, service).framing(framing).build());
          callers.add(thriftCaller(clients.get(clients.size() - 1)));
        }
        clients.add(client(resolver, service).build());
        callers.add(protobufCaller(clients.get(clients.size() - 1)));
      }
      for (String transport : Peers.TRANSPORTS.subList(0, 5)) {
        goClients.add(
            peers.client(
                Side.GO,
                transport,
                "Java",
                "--duration",
                Integer.toString(2 * SECONDS + 120),
                "--until-end-of-input",
                "--print-start",
                "--interval",
                "1",
                "--concurrency",
                "4"));
      }

      goClients.forEach(client -> client.awaitLine("CALLING java"::equals));
      await("all call")
          .atMost(Duration.ofSeconds(60))
          .until(() -> callers.stream().allMatch(caller -> caller.calls > 0));
      Thread.sleep(WARM_UP.toMillis());
      Usage before = Usage.now();
      Thread.sleep(Duration.ofSeconds(SECONDS).minus(WARM_UP).toMillis());
      Usage after = Usage.now();

      goClients.forEach(Program::endInput);
      int calls = 0;
      for (Caller caller : callers) {
        caller.end();
        calls += caller.calls;
      }
      for (Program client : goClients) {
        Calls counted = Calls.of(client);
        assertThat(counted.bad()).as(client::toString).isZero();
        calls += counted.calls();
      }
      clients.forEach(KitexClient::close);
      System.out.printf("soak: %d s, %d calls, %s, then %s%n", SECONDS, calls, before, after);
      assertThat(callers).allMatch(caller -> caller.failed == 0 && caller.calls > 0);
      assertThat(after.heapMiB()).isLessThan(before.heapMiB() + 32);
      assertThat(after.directMiB()).isLessThan(before.directMiB() + 32);
      assertThat(after.files()).isLessThan(before.files() + 16);
      assertThat(after.threads()).isLessThan(before.threads() + 8);
    } finally {
      handlers.shutdown();
    }
  }

  /** Patient, because five processes start at the same time as its clients. */
  private static EtcdResolver resolver(TestEtcd etcd) {
    return EtcdResolver.create(
        EtcdConfig.builder()
            .endpoints(etcd.endpoint())
            .resolveTimeout(Duration.ofSeconds(15))
            .build());
  }

  private static KitexClient.Builder client(EtcdResolver resolver, String service) {
    return KitexClient.builder(resolver, service).connectTimeout(Duration.ofSeconds(10));
  }

  private static RegisteredServer<KitexServer> server(EtcdRegistry registry, Executor handlers)
      throws IOException {
    Hello.Iface hello =
        new Hello.Iface() {
          @Override
          public Response echo(Request request) {
            return new Response().setMessage("java|" + request.getMessage());
          }

          @Override
          public Response strict(Request request) {
            return echo(request);
          }

          @Override
          public void fire(Request request) {}
        };
    return KitexRegistration.of(registry)
        .service("Java")
        .drainDelay(Duration.ZERO)
        .start(
            KitexServer.builder()
                .listen(new InetSocketAddress("127.0.0.1", 0))
                .executor(handlers)
                .service(ThriftService.of(Hello.Iface.class, hello, Hello.Processor::new))
                .service(ProtobufService.of(new Echo())));
  }

  /** Answers in protobuf. */
  private static final class Echo extends EchoGrpc.EchoImplBase {
    @Override
    public void echo(
        io.registryetcd.examples.pbapi.Request request,
        StreamObserver<io.registryetcd.examples.pbapi.Response> observer) {
      observer.onNext(
          io.registryetcd.examples.pbapi.Response.newBuilder()
              .setMessage("java|" + request.getMessage())
              .build());
      observer.onCompleted();
    }
  }

  private static Caller thriftCaller(KitexClient client) {
    Hello.Iface hello =
        KitexThriftClient.of(client, new Hello.Client.Factory()).proxy(Hello.Iface.class);
    return new Caller("thrift", () -> echo(hello));
  }

  private static String echo(Hello.Iface hello) throws TException {
    return hello.echo(new Request().setMessage("soak")).getMessage();
  }

  private static Caller protobufCaller(KitexClient client) {
    EchoGrpc.EchoBlockingStub echo = EchoGrpc.newBlockingStub(client.channel());
    var request = io.registryetcd.examples.pbapi.Request.newBuilder().setMessage("soak").build();
    return new Caller("kitexpb", () -> echo.echo(request).getMessage());
  }
}
