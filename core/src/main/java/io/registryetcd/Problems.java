package io.registryetcd;

import io.registryetcd.etcd.EtcdException;

/**
 * Turns what the client reports into what users catch: typed, and naming the key and what happens
 * next.
 */
final class Problems {

  private Problems() {}

  static RegistryException of(String subject, EtcdException cause) {
    String text = subject + ": " + cause.getMessage();
    return switch (cause.kind()) {
      case DENIED ->
          new EtcdDeniedException(
              text + "; give the etcd user permission, it is tried again by itself", cause);
      case UNAUTHENTICATED ->
          new EtcdDeniedException(
              text + "; correct the user and password, it is tried again by itself", cause);
      case REFUSED, WRONG_CLUSTER -> new EtcdRefusedException(text, cause);
      default -> new EtcdUnreachableException(text + "; tried again until it answers", cause);
    };
  }
}
