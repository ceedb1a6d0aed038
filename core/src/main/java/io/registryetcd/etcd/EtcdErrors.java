package io.registryetcd.etcd;

import static java.util.Objects.requireNonNullElse;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.registryetcd.etcd.EtcdException.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one place that knows what etcd's errors mean.
 *
 * <p>etcd gives the same gRPC code to failures that need different answers (a missing token, a
 * wrong password and a bad request are all {@code INVALID_ARGUMENT}), so code and text are matched
 * together. The texts are those of etcd 3.4 to 3.7; an unknown one falls back to its code.
 */
final class EtcdErrors {

  private static final List<Rule> RULES =
      List.of(
          new Rule(Code.NOT_FOUND, "requested lease not found", Kind.LEASE_NOT_FOUND, Remedy.NONE),
          new Rule(
              Code.FAILED_PRECONDITION, "lease already exists", Kind.LEASE_EXISTS, Remedy.NONE),
          new Rule(Code.OUT_OF_RANGE, "revision has been compacted", Kind.COMPACTED, Remedy.NONE),
          new Rule(Code.OUT_OF_RANGE, "future revision", Kind.UNAVAILABLE, Remedy.NONE),
          new Rule(Code.UNAUTHENTICATED, "invalid auth token", Kind.UNAUTHENTICATED, Remedy.LOGIN),
          new Rule(Code.INVALID_ARGUMENT, "user name is empty", Kind.UNAUTHENTICATED, Remedy.LOGIN),
          new Rule(
              Code.INVALID_ARGUMENT,
              "revision of auth store is old",
              Kind.UNAUTHENTICATED,
              Remedy.LOGIN),
          new Rule(
              Code.INVALID_ARGUMENT, "authentication failed", Kind.UNAUTHENTICATED, Remedy.NONE),
          new Rule(
              Code.INVALID_ARGUMENT, "invalid auth management", Kind.UNAUTHENTICATED, Remedy.NONE),
          new Rule(
              Code.FAILED_PRECONDITION, "user name not found", Kind.UNAUTHENTICATED, Remedy.LOGIN),
          new Rule(
              Code.FAILED_PRECONDITION,
              "authentication is not enabled",
              Kind.UNAUTHENTICATED,
              Remedy.NO_TOKEN),
          new Rule(
              Code.FAILED_PRECONDITION,
              "not supported for learner",
              Kind.UNAVAILABLE,
              Remedy.LEAVE),
          new Rule(Code.RESOURCE_EXHAUSTED, "space exceeded", Kind.REFUSED, Remedy.NONE),
          new Rule(Code.RESOURCE_EXHAUSTED, "message larger than max", Kind.REFUSED, Remedy.NONE),
          new Rule(Code.RESOURCE_EXHAUSTED, "exceeds maximum size", Kind.REFUSED, Remedy.NONE),
          new Rule(Code.UNAVAILABLE, "etcdserver: no leader", Kind.UNAVAILABLE, Remedy.LEAVE),
          new Rule(Code.UNAVAILABLE, "etcdserver: server stopped", Kind.UNAVAILABLE, Remedy.LEAVE),
          new Rule(Code.UNAVAILABLE, "not supported for learner", Kind.UNAVAILABLE, Remedy.LEAVE),
          new Rule(Code.UNAVAILABLE, "etcdserver: ", Kind.UNAVAILABLE, Remedy.NONE));

  /** What the client itself does about a failure before it tells the caller. */
  enum Remedy {
    NONE,
    /** The token is no longer good. */
    LOGIN,
    /** The server has authentication turned off. */
    NO_TOKEN,
    /** This endpoint cannot serve. */
    LEAVE
  }

  /**
   * A classified failure.
   *
   * @param reason the failure without the operation and the endpoint
   */
  record Failure(EtcdException exception, Remedy remedy, String reason) {
    Failure(EtcdException exception, Remedy remedy) {
      this(exception, remedy, exception.toString());
    }
  }

  private record Rule(Code code, String text, Kind kind, Remedy remedy) {
    boolean matches(Status status) {
      return status.getCode() == code && description(status).contains(text);
    }
  }

  private EtcdErrors() {}

  /**
   * Classifies the status of a call.
   *
   * @param operation the call's name, to begin the message with
   */
  static Failure of(Status status, String operation, Endpoint endpoint) {
    Rule rule = rule(status);
    String reason = explain(status, rule);
    String message = operation + ": " + reason;
    return new Failure(
        new EtcdException(rule.kind, endpoint.text(), message, status.asException()),
        rule.remedy,
        reason);
  }

  /**
   * Classifies the reason text with which etcd refuses or ends a watch. It carries no code of its
   * own, but repeats the text of the error.
   */
  static Failure ofCanceledWatch(String reason, long compactRevision, Endpoint endpoint) {
    if (compactRevision > 0) {
      String message = "watch: its start revision is compacted, up to " + compactRevision;
      return new Failure(new EtcdException(Kind.COMPACTED, endpoint.text(), message), Remedy.NONE);
    }
    Status status = Status.UNKNOWN.withDescription(reason);
    if (reason.contains("permission denied")) {
      status = Status.PERMISSION_DENIED.withDescription(reason);
    } else if (reason.contains("watcher range is empty")) {
      status = Status.INVALID_ARGUMENT.withDescription(reason);
    } else {
      for (Rule rule : RULES) {
        if (rule.remedy == Remedy.LOGIN && reason.contains(rule.text)) {
          status = Status.fromCode(rule.code).withDescription(reason);
        }
      }
    }
    return of(status, "watch", endpoint);
  }

  private static Rule rule(Status status) {
    for (Rule rule : RULES) {
      if (rule.matches(status)) {
        return rule;
      }
    }
    return switch (status.getCode()) {
      case PERMISSION_DENIED -> fallback(status, Kind.DENIED, Remedy.NONE);
      case UNAUTHENTICATED -> fallback(status, Kind.UNAUTHENTICATED, Remedy.LOGIN);
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE, NOT_FOUND, ALREADY_EXISTS ->
          fallback(status, Kind.REFUSED, Remedy.NONE);
      case UNAVAILABLE, UNIMPLEMENTED -> fallback(status, Kind.UNAVAILABLE, Remedy.LEAVE);
      default -> fallback(status, Kind.UNAVAILABLE, Remedy.NONE);
    };
  }

  private static Rule fallback(Status status, Kind kind, Remedy remedy) {
    return new Rule(status.getCode(), "", kind, remedy);
  }

  private static String explain(Status status, Rule rule) {
    String said = status.getCode() + said(description(status));
    String advice = advice(status, rule);
    return advice == null ? said : advice + " (" + said + ")";
  }

  private static @Nullable String advice(Status status, Rule rule) {
    String text = description(status);
    if (text.contains("user name is empty")) {
      return "etcd requires authentication: set a user and password";
    }
    if (text.contains("authentication failed")) {
      return "user name or password is wrong";
    }
    if (rule.kind == Kind.DENIED) {
      return "the etcd user has no permission for this key: grant it to one of the user's roles";
    }
    if (text.contains("space exceeded")) {
      return "etcd is out of space: compact, defragment and disarm the alarm";
    }
    if (status.getCode() == Code.DEADLINE_EXCEEDED) {
      return "no answer in time";
    }
    if (status.getCode() == Code.UNIMPLEMENTED) {
      return "this endpoint does not serve the etcd v3 API";
    }
    // all lines: the second one names the handlers of gRPC
    return ConnectFailures.explain(
        status.getCause(), requireNonNullElse(status.getDescription(), ""));
  }

  private static String said(String text) {
    return text.isEmpty() ? "" : ": " + text;
  }

  private static String description(Status status) {
    String text = status.getDescription();
    return text == null ? "" : text.lines().findFirst().orElse("");
  }
}
