package io.registryetcd.testkit;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A cluster of real etcd processes.
 *
 * <pre>{@code
 * try (TestEtcdCluster cluster = TestEtcdCluster.start(3)) {
 *   int killed = cluster.killLeader();
 *   cluster.awaitLeader(Duration.ofSeconds(10));
 *   cluster.member(killed).restart();
 * }
 * }</pre>
 *
 * <p>Members are numbered from 0. Each can be killed, paused and restarted by itself; but a single
 * member must not be wiped, because the others would not take it back: see {@link #wipe()}. Members
 * talk to each other through a {@link FaultProxy} each, hence {@link #isolate}.
 *
 * <p>Thread-safe as {@link TestEtcd} is.
 *
 * @since 0.1.0
 */
public final class TestEtcdCluster implements AutoCloseable {
  private static final Duration ELECTION_TIMEOUT = Duration.ofMillis(500);
  private static final Duration READY_LIMIT = Duration.ofSeconds(30);
  private static final int PORT_RACES = 5;

  private final List<TestEtcd> members;
  private final List<FaultProxy> peers;

  private TestEtcdCluster(List<TestEtcd> members, List<FaultProxy> peers) {
    this.members = List.copyOf(members);
    this.peers = List.copyOf(peers);
  }

  /**
   * Starts a cluster with the settings of {@link TestEtcd#builder()} and an election timeout of 500
   * ms.
   *
   * @param size how many members, 3 for most tests
   * @return a cluster in which all members answer
   * @throws TestEtcdException if no etcd is found or it does not start
   */
  public static TestEtcdCluster start(int size) {
    return start(size, TestEtcd.builder());
  }

  /**
   * Starts a cluster of members that are all described by one builder.
   *
   * @param size how many members, 3 for most tests
   * @param builder describes each member
   * @return a cluster in which all members answer
   * @throws TestEtcdException if no etcd is found or it does not start
   */
  public static TestEtcdCluster start(int size, TestEtcdBuilder builder) {
    if (size < 1) {
      throw new IllegalArgumentException("size: " + size + " (expected: >= 1)");
    }
    EtcdConfig config = builder.config(ELECTION_TIMEOUT);
    for (int attempt = 1; ; attempt++) {
      TestEtcdCluster cluster = prepare(config, size);
      try {
        cluster.launch();
        return cluster;
      } catch (RuntimeException e) {
        boolean race = cluster.members.stream().anyMatch(TestEtcd::lostItsPort);
        cluster.close();
        if (!race || attempt == PORT_RACES) {
          throw e;
        }
      }
    }
  }

  /**
   * How many members there are.
   *
   * @return the size, dead members included
   */
  public int size() {
    return members.size();
  }

  /**
   * One member.
   *
   * @param index from 0
   * @return the member, running or not
   */
  public TestEtcd member(int index) {
    return members.get(index);
  }

  /**
   * All members.
   *
   * @return the members in their order, running or not
   */
  public List<TestEtcd> members() {
    return members;
  }

  /**
   * Where clients connect.
   *
   * @return the endpoints of all members in their order
   */
  public List<String> endpoints() {
    return members.stream().map(TestEtcd::endpoint).toList();
  }

  /**
   * The member that is the leader now.
   *
   * @return its index
   * @throws TestEtcdException if there is none within 30 s
   */
  public int leader() {
    return awaitLeader(READY_LIMIT);
  }

  /**
   * Waits for a leader.
   *
   * @param timeout the longest wait
   * @return the index of the leader
   * @throws TestEtcdException if there is none
   */
  public int awaitLeader(Duration timeout) {
    int[] leader = {-1};
    boolean found =
        Await.until(
            timeout,
            () -> {
              leader[0] = leaderNow().orElse(-1);
              return leader[0] >= 0;
            });
    if (!found) {
      throw new TestEtcdException("no leader within " + timeout);
    }
    return leader[0];
  }

  /**
   * Kills the leader (SIGKILL).
   *
   * @return the index of the killed member
   */
  public int killLeader() {
    int leader = leader();
    members.get(leader).kill();
    return leader;
  }

  /**
   * Waits until all members run and answer.
   *
   * @param timeout the longest wait for each member
   * @throws TestEtcdException if one does not; with its log
   */
  public void awaitHealthy(Duration timeout) {
    members.forEach(member -> member.awaitReady(timeout));
  }

  /**
   * Cuts one member from all others; its clients stay connected. It goes silent, without the end of
   * a connection.
   *
   * @param index the member
   */
  public void isolate(int index) {
    String id = memberId(index);
    for (int i = 0; i < peers.size(); i++) {
      boolean own = i == index;
      peers.get(i).ban(head -> own || isFrom(id, head));
    }
  }

  /** Ends {@link #isolate}. */
  public void heal() {
    for (FaultProxy proxy : peers) {
      proxy.pass();
      proxy.closeConnections();
    }
  }

  /**
   * Kills all members, deletes their data, and starts them again: an empty cluster with the same
   * cluster id and endpoints.
   */
  public void wipe() {
    members.forEach(TestEtcd::wipe);
    launch();
  }

  /** Kills all members and deletes everything. Idempotent. */
  @Override
  public void close() {
    members.forEach(TestEtcd::close);
    peers.forEach(FaultProxy::close);
  }

  private static TestEtcdCluster prepare(EtcdConfig config, int size) {
    List<EtcdMember> places = new ArrayList<>();
    List<FaultProxy> peers = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      EtcdMember place = EtcdMember.reserve("etcd" + i, config);
      FaultProxy proxy = FaultProxy.to(place.peerAddress());
      peers.add(proxy);
      places.add(place.behind(proxy));
    }
    String all = places.stream().map(EtcdMember::clusterEntry).collect(Collectors.joining(","));
    return new TestEtcdCluster(
        places.stream().map(place -> new TestEtcd(config, place, all)).toList(), peers);
  }

  private void launch() {
    members.forEach(TestEtcd::launch);
    awaitHealthy(READY_LIMIT);
  }

  private OptionalInt leaderNow() {
    return IntStream.range(0, size()).filter(i -> members.get(i).isLeader()).findFirst();
  }

  /** The id in hexadecimal, from a line such as {@code 8e9e05c5, started, etcd0, http://...}. */
  private String memberId(int index) {
    String name = ", etcd" + index + ", ";
    return members
        .get(index)
        .etcdctl("member", "list")
        .lines()
        .filter(line -> line.contains(name))
        .map(line -> line.substring(0, line.indexOf(',')))
        .findFirst()
        .orElseThrow(() -> new TestEtcdException("etcd" + index + " is not in the member list"));
  }

  /** Members tell who they are in an HTTP/1 header of each connection between them. */
  private static boolean isFrom(String id, byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    return text.contains("X-Server-From: " + id + "\r\n");
  }
}
