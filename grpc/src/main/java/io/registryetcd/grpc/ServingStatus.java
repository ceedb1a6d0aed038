package io.registryetcd.grpc;

/**
 * The part of a health service that a shutdown needs; apart from it, because grpc-services may be
 * missing.
 */
@FunctionalInterface
interface ServingStatus {

  /** Tells everybody who asks or watches that this server serves nothing any more, for good. */
  void notServing();
}
