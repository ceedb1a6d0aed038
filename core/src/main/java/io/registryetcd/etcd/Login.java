package io.registryetcd.etcd;

import io.registryetcd.etcd.EtcdClientConfig.Credentials;
import io.registryetcd.etcd.EtcdErrors.Failure;
import io.registryetcd.etcd.EtcdErrors.Remedy;
import io.registryetcd.etcd.EtcdException.Kind;
import io.registryetcd.etcd.rpc.AuthenticateRequest;
import io.registryetcd.etcd.rpc.AuthenticateResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token of a client, and the way to a new one. Used on the client's thread only.
 *
 * <p>A login costs etcd about a tenth of a second of CPU, and many clients may need one at once. So
 * there is one at a time for all calls of a client, it is given 30 s, and after a failure (not one
 * of the connection) the next one waits 1 to 60 s with full jitter. A call waits for the login
 * within its own deadline; the login goes on for the calls after it.
 */
final class Login {

  static final Duration DEADLINE = Duration.ofSeconds(30);

  /**
   * However often tokens are refused: etcd with JWT refuses all of them at each change of a role.
   */
  static final Duration INTERVAL = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(Login.class);
  private static final Token NO_TOKEN = new Token("");

  private final ClientThread thread;
  private final Connections connections;
  private final @Nullable CredentialsThread credentials;
  private final LoginBackoff backoff =
      new LoginBackoff(
          Duration.ofSeconds(1),
          Duration.ofSeconds(60),
          () -> ThreadLocalRandom.current().nextDouble());
  private final List<Waiter> waiters = new ArrayList<>();
  private @Nullable Token token;
  private @Nullable EtcdException lastFailure;
  private String phase = "";
  private boolean busy;
  private long notBefore;
  private long lastLogin;
  private int refusedInARow;
  private boolean warned;
  private boolean closed;

  private record Waiter(
      Consumer<Token> onToken, Consumer<EtcdException> onFailure, Future<?> timer) {}

  Login(EtcdClientConfig config, Connections connections, ClientThread thread) {
    this.thread = thread;
    this.connections = connections;
    notBefore = thread.now();
    if (config.credentials().isPresent()) {
      credentials = new CredentialsThread(config.credentials().get());
    } else {
      credentials = null;
      token = NO_TOKEN;
    }
  }

  /** Whether there is a user to log in. */
  boolean required() {
    return credentials != null;
  }

  /**
   * Hands over the token, at once or after a login that ends within {@code patience} nanoseconds.
   */
  void token(long patience, Consumer<Token> onToken, Consumer<EtcdException> onFailure) {
    Token known = token;
    if (closed) {
      onFailure.accept(failure(Kind.CLOSED, "the client was closed"));
    } else if (known != null) {
      onToken.accept(known);
    } else if (!busy && lastFailure != null && notBefore - thread.now() > patience) {
      onFailure.accept(lastFailure);
    } else {
      await(patience, onToken, onFailure);
    }
  }

  /** Notes that etcd took a token. */
  void accepted(Token used) {
    if (used == token) {
      refusedInARow = 0;
    }
  }

  /**
   * Notes that etcd refused a token: the next call logs in again.
   *
   * @return whether that may help; not if a token was refused that never was accepted
   */
  boolean refused(Token used) {
    if (credentials == null) {
      return false;
    }
    if (used == token) {
      token = null;
      refusedInARow++;
      notBefore = lastLogin + INTERVAL.toNanos();
      if (refusedInARow > 1) {
        pause();
        lastFailure = failure(Kind.UNAUTHENTICATED, "etcd refuses the token of every new login");
      }
    }
    return refusedInARow <= 1;
  }

  /** Ends the wait of all calls. */
  void close() {
    closed = true;
    if (credentials != null) {
      credentials.close();
    }
    release(waiter -> waiter.onFailure.accept(failure(Kind.CLOSED, "the client was closed")));
  }

  private void await(long patience, Consumer<Token> onToken, Consumer<EtcdException> onFailure) {
    List<Waiter> self = new ArrayList<>();
    Future<?> timer =
        thread.schedule(
            Duration.ofNanos(patience),
            () -> {
              waiters.removeAll(self);
              onFailure.accept(overdue());
            });
    Waiter waiter = new Waiter(onToken, onFailure, timer);
    self.add(waiter);
    waiters.add(waiter);
    if (!busy) {
      busy = true;
      phase = "the pause after a failed one";
      Duration pause = Duration.ofNanos(Math.max(0, notBefore - thread.now()));
      if (pause.isZero()) {
        begin();
      } else {
        thread.schedule(pause, this::begin);
      }
    }
  }

  private void begin() {
    CredentialsThread supplier = credentials;
    if (closed || supplier == null || waiters.isEmpty()) {
      busy = false;
      return;
    }
    phase = "the answer of the credentials supplier";
    supplier.ask((answer, error) -> thread.execute(() -> authenticate(answer, error)));
  }

  private void authenticate(@Nullable Credentials answer, @Nullable Throwable error) {
    if (closed) {
      return;
    }
    if (answer == null) {
      String what = error == null ? "returned null" : "failed: " + error.getClass().getName();
      String message = "login: the credentials supplier " + what;
      ended(new EtcdException(Kind.UNAUTHENTICATED, endpoint(), message, error), true);
      return;
    }
    phase = "the answer of etcd";
    try {
      AuthenticateRequest request =
          AuthenticateRequest.newBuilder()
              .setName(answer.user())
              .setPassword(answer.password())
              .build();
      new Attempt(connections.acquire()).start(request, NO_TOKEN, DEADLINE.toNanos());
    } catch (EtcdException e) {
      ended(e, false);
    } catch (NullPointerException e) {
      String message = "login: the credentials supplier gave no user or no password";
      ended(new EtcdException(Kind.UNAUTHENTICATED, endpoint(), message, e), true);
    }
  }

  private void ended(Token fresh) {
    busy = false;
    token = fresh;
    lastLogin = thread.now();
    lastFailure = null;
    if (refusedInARow == 0) {
      backoff.reset();
    }
    warned = false;
    release(waiter -> waiter.onToken.accept(fresh));
  }

  private void ended(EtcdException failure, boolean counted) {
    busy = false;
    if (counted) {
      pause();
      lastFailure = failure;
      if (warned) {
        log.debug("{}", failure.getMessage());
      } else {
        log.warn("{}", failure.getMessage());
      }
      warned = true;
    }
    release(waiter -> waiter.onFailure.accept(failure));
  }

  private void pause() {
    notBefore = thread.now() + backoff.next().toNanos();
  }

  private void release(Consumer<Waiter> end) {
    List<Waiter> released = List.copyOf(waiters);
    waiters.clear();
    for (Waiter waiter : released) {
      waiter.timer.cancel(false);
      end.accept(waiter);
    }
  }

  private EtcdException overdue() {
    EtcdException last = lastFailure;
    Kind kind = last == null ? Kind.UNAVAILABLE : last.kind();
    String before = last == null ? "" : "; the last one: " + last.getMessage();
    return failure(kind, "login: still waiting for " + phase + before);
  }

  private EtcdException failure(Kind kind, String message) {
    return new EtcdException(kind, endpoint(), message);
  }

  private String endpoint() {
    return connections.endpoint().text();
  }

  private final class Attempt extends Exchange<AuthenticateRequest, AuthenticateResponse> {

    Attempt(Connection connection) {
      super(connections, connection, Method.AUTHENTICATE, thread.now());
    }

    @Override
    void answered(AuthenticateResponse answer) {
      ended(new Token(answer.getToken()));
    }

    @Override
    void failed(Failure failure) {
      if (failure.remedy() == Remedy.NO_TOKEN) {
        log.warn("etcd has authentication turned off: user and password are not used");
        ended(new Token(""));
      } else {
        ended(failure.exception(), failure.remedy() != Remedy.LEAVE);
      }
    }
  }
}
