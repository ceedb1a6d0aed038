package io.registryetcd.etcd;

/** The header of every etcd response: who answered, and how far its history had come. */
public record Header(long clusterId, long memberId, long revision, long raftTerm) {}
