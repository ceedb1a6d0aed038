package io.registryetcd;

import io.registryetcd.etcd.EtcdException;
import io.registryetcd.etcd.Txn;
import io.registryetcd.etcd.TxnResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all keys of a registry in each observe delay, many in one transaction, besides watching
 * them: the watch says what changes, this says what is.
 */
final class OwnKeyCheck {

  private static final Logger logger = LoggerFactory.getLogger(OwnKeyCheck.class);

  private final EtcdSession session;
  private final Collection<LeasedRegistration> registrations;
  private Loop.@Nullable Timer timer;
  private boolean stopped;

  OwnKeyCheck(EtcdSession session, Collection<LeasedRegistration> registrations) {
    this.session = session;
    this.registrations = registrations;
  }

  void start() {
    if (timer == null && !stopped) {
      schedule();
    }
  }

  void stop() {
    stopped = true;
    if (timer != null) {
      timer.cancel();
    }
  }

  private void schedule() {
    timer =
        session
            .loop()
            .schedule(
                Jitter.around(session.config().retry.observeDelay(), session.random()),
                this::check);
  }

  private void check() {
    if (stopped) {
      return;
    }
    List<LeasedRegistration> all = List.copyOf(registrations);
    for (int from = 0; from < all.size(); from += Txn.MAX_OPS) {
      read(all.subList(from, Math.min(all.size(), from + Txn.MAX_OPS)));
    }
    schedule();
  }

  private void read(List<LeasedRegistration> batch) {
    List<Txn.Op> gets = new ArrayList<>();
    batch.forEach(registration -> gets.add(new Txn.Get(registration.keyBytes())));
    int askedIn = session.incarnation();
    session.call(
        session.client().txn(new Txn(List.of(), gets, List.of())),
        TxnResponse::header,
        response -> {
          if (askedIn != session.incarnation()) {
            return;
          }
          for (int i = 0; i < batch.size(); i++) {
            batch.get(i).onChecked(response.header().revision(), response.gets().get(i));
          }
        },
        cause -> {
          if (cause.kind() == EtcdException.Kind.DENIED && batch.size() > 1) {
            // one key that may not be read must not hide the others
            read(batch.subList(0, batch.size() / 2));
            read(batch.subList(batch.size() / 2, batch.size()));
          } else {
            logger.debug("check of own keys failed: {}", cause.getMessage());
          }
        });
  }
}
