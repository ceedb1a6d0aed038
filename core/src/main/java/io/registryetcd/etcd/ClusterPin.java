package io.registryetcd.etcd;

import java.util.HashSet;
import java.util.Set;

/**
 * The cluster that this client belongs to: the first one that answered.
 *
 * <p>An endpoint that shows another id and never showed this one is of another cluster, and
 * refused: mixing two clusters would merge their keys. One that showed this id before is the same
 * place with a cluster made anew: its id replaces the old one.
 */
final class ClusterPin {

  private final Set<Endpoint> confirmed = new HashSet<>();
  private long clusterId;
  private Endpoint pinnedBy;

  ClusterPin(Endpoint first) {
    pinnedBy = first;
  }

  /** What an answer says about the endpoint it came from. */
  enum Verdict {
    SAME,
    RECREATED,
    FOREIGN
  }

  /** Looks at the cluster id of an answer; 0 is an answer without one. */
  Verdict check(Endpoint endpoint, long answeredId) {
    if (answeredId == 0) {
      return Verdict.SAME;
    }
    if (clusterId == 0) {
      replace(endpoint, answeredId);
    }
    if (answeredId == clusterId) {
      confirmed.add(endpoint);
      return Verdict.SAME;
    }
    return confirmed.contains(endpoint) ? Verdict.RECREATED : Verdict.FOREIGN;
  }

  /** Takes another cluster for the one in use: all other endpoints have to show it, too. */
  void replace(Endpoint endpoint, long newId) {
    confirmed.clear();
    confirmed.add(endpoint);
    clusterId = newId;
    pinnedBy = endpoint;
  }

  /** Whether the endpoint has yet to show that it belongs to the pinned cluster. */
  boolean unconfirmed(Endpoint endpoint) {
    return clusterId != 0 && !confirmed.contains(endpoint);
  }

  /** Both ids and both endpoints, for the error. */
  String difference(Endpoint endpoint, long answeredId) {
    return "the endpoints are of two clusters: "
        + endpoint
        + " belongs to "
        + Long.toHexString(answeredId)
        + ", but "
        + pinnedBy
        + " to "
        + Long.toHexString(clusterId)
        + " (expected: the endpoints of one cluster)";
  }
}
