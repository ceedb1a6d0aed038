package io.registryetcd.sim;

/**
 * A moment at which a trap can cut a client's connection: the member has done its part, the answer
 * is not there yet.
 */
public enum SimMoment {
  /** A range was read. */
  RANGE,
  /** A transaction was sent, and has not arrived. */
  TXN_SENT,
  /** A transaction was executed. */
  TXN,
  /** A lease was granted, or refused. */
  GRANT,
  /** A lease was revoked, or not found. */
  REVOKE,
  /** A lease was renewed, or found lost. */
  KEEPALIVE,
  /** The client was told that a watch is created; the events before that are still to come. */
  CREATED
}
