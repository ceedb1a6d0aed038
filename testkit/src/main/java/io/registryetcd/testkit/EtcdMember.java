package io.registryetcd.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The fixed identity of one etcd process: its name, its ports and its place. */
record EtcdMember(
    String name,
    String urlHost,
    int clientPort,
    int peerPort,
    int metricsPort,
    String peerUrl,
    Path directory) {

  static EtcdMember reserve(String name, EtcdConfig config) {
    int peerPort = Ports.reserve(config.host());
    return new EtcdMember(
        name,
        config.urlHost(),
        Ports.reserve(config.host()),
        peerPort,
        Ports.reserve(config.host()),
        "http://" + config.urlHost() + ":" + peerPort,
        Directories.temporary("registry-etcd-"));
  }

  /** The same member, which others reach by another way. */
  EtcdMember behind(FaultProxy proxy) {
    String url = "http://" + proxy.endpoint();
    return new EtcdMember(name, urlHost, clientPort, peerPort, metricsPort, url, directory);
  }

  void release() {
    Ports.release(clientPort);
    Ports.release(peerPort);
    Ports.release(metricsPort);
    Directories.delete(directory);
  }

  String endpoint() {
    return urlHost + ":" + clientPort;
  }

  String peerAddress() {
    return urlHost + ":" + peerPort;
  }

  String metricsUrl() {
    return "http://" + urlHost + ":" + metricsPort;
  }

  /** As etcd's {@code --initial-cluster} wants it. */
  String clusterEntry() {
    return name + "=" + peerUrl;
  }

  Path data() {
    return directory.resolve("data");
  }

  Path log() {
    return directory.resolve("etcd.log");
  }

  List<String> command(EtcdConfig config, String initialCluster) {
    String clientUrl = config.scheme() + "://" + endpoint();
    List<String> words = new ArrayList<>();
    words.add(config.binary().server().toString());
    words.add("--name=" + name);
    words.add("--data-dir=" + data());
    words.add("--listen-client-urls=" + clientUrl);
    words.add("--advertise-client-urls=" + clientUrl);
    words.add("--listen-peer-urls=http://" + peerAddress());
    words.add("--initial-advertise-peer-urls=" + peerUrl);
    words.add("--initial-cluster=" + initialCluster);
    words.add("--listen-metrics-urls=" + metricsUrl());
    words.addAll(config.commonFlags());
    return words;
  }
}
