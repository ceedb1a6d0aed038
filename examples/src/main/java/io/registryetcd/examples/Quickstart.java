package io.registryetcd.examples;

import io.registryetcd.EtcdResolver;
import io.registryetcd.Registration.State;
import io.registryetcd.testkit.TestEtcd;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What happens to servers and to etcd in production, in half a minute: real server processes, a
 * real etcd, and one client, in this process, that goes on calling through all of it.
 */
@Command(
    name = "quickstart",
    description = {
      "Starts etcd and hello servers, stops and kills them while a client goes on calling, and"
          + " prints what happened. Exit code 1 if a call failed."
    })
final class Quickstart implements Callable<Integer> {

  private static final String SERVICE = "Hello";
  private static final int SHARE_CALLS = 400;
  private static final int DRAIN_SECONDS = 1;
  private static final Duration LOAD = Duration.ofMillis(500);
  private static final Duration OUTAGE = Duration.ofSeconds(3);

  @Option(names = "--keep", description = "Leave everything running until Ctrl-C.")
  private boolean keep;

  private final Report report = new Report(System.out);

  private Quickstart() {}

  public static void main(String[] args) {
    System.exit(Examples.program(new Quickstart()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    report.say("starting etcd");
    try (TestEtcd etcd = TestEtcd.start();
        ServerProcesses servers = new ServerProcesses(etcd.endpoint(), SERVICE, DRAIN_SECONDS);
        EtcdResolver resolver = EtcdResolver.create(etcd.endpoint());
        ViewLog view = ViewLog.of(resolver.view(SERVICE));
        HelloClient client = ClientTransport.GRPC.open(SERVICE, resolver);
        Caller caller = new Caller(client)) {
      report.say("etcd " + etcd.binary().version() + " answers at " + etcd.endpoint());
      view.awaitReady();
      ServerProcess a = servers.begin("a", 30);
      ServerProcess b = servers.begin("b", 10);
      twoServers(a, b, view);
      shares(client, caller);
      caller.start();
      serverStops(b, view, caller);
      etcdDies(etcd, caller);
      etcdComesBackEmpty(etcd, a, view, caller);
      thirdServer(servers.begin("c", 10), view, caller);
      caller.stop();
      int failed = report.print();
      if (keep) {
        explain(etcd, servers.all());
        new CountDownLatch(1).await();
      }
      report.say("stopping the servers and etcd");
      return failed == 0 ? 0 : 1;
    }
  }

  private void twoServers(ServerProcess a, ServerProcess b, ViewLog view)
      throws InterruptedException {
    report.say("starting two servers, a with weight 30 and b with weight 10");
    a.awaitReady();
    b.awaitReady();
    report.row("servers a and b start").visible(latency(a, view)).visible(latency(b, view));
  }

  private void shares(HelloClient client, Caller caller) throws InterruptedException {
    report.say("calling " + SHARE_CALLS + " times");
    client.warmUp(2, Duration.ofSeconds(5));
    caller.call(SHARE_CALLS);
    Tally.Counts counts = caller.take();
    var shares = new StringBuilder();
    counts
        .byInstance()
        .forEach(
            (id, calls) ->
                shares.append(
                    String.format("%s %d (%.1f %%)  ", id, calls, 100.0 * calls / SHARE_CALLS)));
    report.row(SHARE_CALLS + " calls, weights 30 and 10").calls(counts).more(shares.toString());
  }

  private void serverStops(ServerProcess b, ViewLog view, Caller caller)
      throws InterruptedException {
    report.say("stopping b with SIGTERM under load (it serves on for " + DRAIN_SECONDS + " s)");
    Thread.sleep(LOAD.toMillis());
    Instant signal = b.terminate();
    b.awaitEnd();
    Instant end = Instant.now();
    Thread.sleep(LOAD.toMillis());
    Instant deregistered = b.stepAfter(signal, State.CLOSED);
    Instant gone = view.awaitGone(b.address(), signal);
    report
        .row("server b stops (SIGTERM)")
        .calls(caller.take())
        .visible(new Latency(b.id() + " gone", deregistered, gone))
        .more("the process ended " + millis(signal, end) + " ms after SIGTERM");
  }

  private void etcdDies(TestEtcd etcd, Caller caller) throws InterruptedException {
    report.say("killing etcd with SIGKILL, and going on calling for " + OUTAGE.toSeconds() + " s");
    etcd.kill();
    Thread.sleep(OUTAGE.toMillis());
    report.row("etcd is killed (SIGKILL)").calls(caller.take()).more("served from memory");
  }

  private void etcdComesBackEmpty(TestEtcd etcd, ServerProcess a, ViewLog view, Caller caller)
      throws InterruptedException {
    report.say("starting etcd again, without its data");
    etcd.wipe();
    Instant start = Instant.now();
    etcd.restart();
    Instant answers = Instant.now();
    Instant registered = a.stepAfter(start, State.REGISTERED);
    Instant visible = view.awaitConfirmed(a.address(), start);
    Thread.sleep(LOAD.toMillis());
    report
        .row("etcd comes back, empty")
        .calls(caller.take())
        .visible(new Latency(a.id(), registered, visible))
        .more(
            String.format(
                "after etcd answers: a registered again in %d ms, seen in %d ms",
                millis(answers, registered), millis(answers, visible)));
  }

  private void thirdServer(ServerProcess c, ViewLog view, Caller caller)
      throws InterruptedException {
    report.say("starting a third server, c with weight 10");
    c.awaitReady();
    Latency latency = latency(c, view);
    Instant answered = caller.awaitAnswerOf(c.id());
    Thread.sleep(LOAD.toMillis());
    report
        .row("server c starts")
        .calls(caller.take())
        .visible(latency)
        .more(
            String.format(
                "c answers its first call %d ms after it is registered",
                millis(latency.from(), answered)));
  }

  private static long millis(Instant from, Instant to) {
    return Math.max(0, Duration.between(from, to).toMillis());
  }

  private static Latency latency(ServerProcess server, ViewLog view) throws InterruptedException {
    return new Latency(
        server.id(),
        server.stepAfter(Instant.MIN, State.REGISTERED),
        view.awaitConfirmed(server.address(), Instant.MIN));
  }

  private static void explain(TestEtcd etcd, List<ServerProcess> servers) {
    String etcdctl = "ETCDCTL_API=3 " + etcd.binary().ctl() + " --endpoints=" + etcd.url();
    System.out.printf(
        """

        All of it runs until Ctrl-C. To look inside, in another terminal:
          %1$s get --prefix kitex/registry-etcd/
          %1$s watch --prefix kitex/registry-etcd/
          examples/run hello-client --etcd %2$s --service %3$s --calls 100
          examples/run hello-server --etcd %2$s --service %3$s --listen 127.0.0.1:0 --id d
        """,
        etcdctl, etcd.endpoint(), SERVICE);
    for (ServerProcess server : servers) {
      System.out.printf(
          "  kill %d    # stops server %s at %s%n", server.pid(), server.id(), server.address());
    }
  }
}
