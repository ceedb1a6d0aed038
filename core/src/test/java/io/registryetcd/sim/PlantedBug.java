package io.registryetcd.sim;

import io.registryetcd.Simulation;
import io.registryetcd.etcd.EtcdClient;
import io.registryetcd.sim.PatchedEngine.Patch;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Bugs that engines of this kind have had, each planted in ours by a wrong client, by another text
 * of its source, or both.
 */
@SuppressWarnings("ImmutableEnumChecker") // functions and lists that nobody changes
public enum PlantedBug {
  // Views.
  RESUMES_ONE_REVISION_TOO_LATE(
      new Patch(
          "ViewMachine", "effects.watch(appliedThrough + 1)", "effects.watch(appliedThrough + 2)")),
  ALL_WATCHES_BEGIN_ONE_REVISION_TOO_LATE(BuggyClients.watchingFrom(start -> start + 1)),
  LISTS_THEN_WATCHES_FROM_LATEST(BuggyClients.watchingFrom(start -> 0)),
  CREATED_BUMPS_THE_REVISION(BuggyClients::bumpingAtCreated),
  APPLIES_OLD_EVENTS_OVER_A_NEWER_LIST(
      new Patch("ViewMachine", "event.modRevision() > appliedThrough", "event.modRevision() > 0")),
  SPLITS_A_REVISION(BuggyClients::splittingRevisions),
  IGNORES_COMPACTION(BuggyClients::silentAboutCompaction),
  HOLDS_FOR_TOO_LONG(new Patch("Hold", "now + holdNanos", "now + 2 * holdNanos")),
  HOLDS_WHAT_IS_CONFIRMED(new Patch("WatchedView", "hold.confirm(address);", "")),
  LOSES_A_CHANGE(
      new Patch(
          "Notifier",
          "pending.isEmpty() ? Optional.of(news) : merge.apply(pending, Optional.of(news))",
          "Optional.of(news)")),
  CALLS_A_LATE_LIST_LIVE(
      new Patch(
          "ViewMachine", "if (!watching && away != null) {", "if (listNeeded && away != null) {")),

  // The session.
  MERGES_AFTER_A_WIPE(
      new Patch(
          "ViewMachine",
          "if (continuity != Continuity.SAME)",
          "if (continuity == Continuity.DOUBTFUL)")),
  NEVER_SEES_A_FALL(BuggyClients::hidingFalls),
  DOES_NOT_CONFIRM_A_FALL(
      new Patch("SessionMachine", "      suspect();\n", "      connectAnew(header);\n"),
      Text.TRUST),
  TRUSTS_THE_HEADER_OF_A_CANCEL(
      BuggyClients::tellingCancelHeaders,
      new Patch(
          "SessionMachine",
          "      suspect();\n",
          "      if (header.revision() == 0) { connectAnew(header); } else { suspect(); }\n"),
      Text.TRUST),
  GIVES_UP_AFTER_ONE_FAILURE(
      new Patch("SessionMachine", "effects.startTimer(backoff.next());", "")),
  IGNORES_THE_END_OF_A_STREAM(BuggyClients::silentAboutEnds),
  NO_JITTER(new Patch("Backoff", "random.nextLong(ceiling + 1)", "ceiling")),
  NO_BACKOFF(new Patch("Backoff", "random.nextLong(ceiling + 1)", "0")),

  // Leases.
  NEVER_SEES_THAT_A_LEASE_IS_LOST(BuggyClients::believingInLeases),
  RENEWS_BUT_ONCE(
      new Patch("LeaseMachine", "    effects.startTimer(this, ttl.dividedBy(3));\n", "")),
  REVOKES_WHILE_A_REGISTRATION_IS_PENDING(
      new Patch(
          "LeaseSlot", "members.remove(member) && members.isEmpty()", "members.remove(member)")),
  LEAVES_OLD_LEASES_BEHIND(
      new Patch("LeaseSlot", "List.copyOf(retiring).forEach(LeaseMachine::release);", "")),
  SETTLES_OLD_LEASES_ONLY_WHEN_KEYS_CHANGE(
      new Patch(
          "LeaseSlot",
          "      settle();\n    }\n  }\n\n  void onDoubtful",
          "    }\n  }\n\n  void onDoubtful")),
  KEEPS_THE_OLD_LEASE_AFTER_A_RESTORE(new Patch("EtcdSession", "leases.onNewIncarnation();", "")),

  // Registrations.
  LOSES_AN_EVENT_OF_ITS_OWN_KEY(
      new Patch(
          "RegistrationMachine",
          "effects.watch(watchedThrough + 1)",
          "effects.watch(watchedThrough + 2)")),
  DELETES_UNGUARDED(BuggyClients.sending(BuggyClients::deletingUnguarded)),
  PUTS_UNGUARDED(BuggyClients.sending(BuggyClients::puttingUnguarded)),
  PUTS_FOR_EVER(BuggyClients.sending(BuggyClients::puttingForEver)),
  TRUSTS_IN_SUCCESS(BuggyClients::trustingInSuccess),
  NO_FENCE(
      new Patch(
          "RegistrationMachine",
          "leaseOfUnknownPut != 0) {\n      fencing",
          "lease < 0) {\n      fencing")),
  FORGETS_A_PUT_OF_UNKNOWN_OUTCOME(
      new Patch(
          "RegistrationMachine",
          "failed == Flight.PUT && cause.kind() == EtcdException.Kind.UNAVAILABLE",
          "failed == Flight.READ && cause.kind() == EtcdException.Kind.CLOSED")),
  TAKES_OVER_AGAIN_AND_AGAIN(
      new Patch("RegistrationMachine", "        || mayTakeOver\n", "        || true\n")),
  NEVER_SEES_THAT_A_CONFLICT_ENDS(
      new Patch(
          "RegistrationMachine",
          "if (lease == 0 || leaseDoubtful) {",
          "if (lease == 0 || leaseDoubtful || (state == State.CONFLICT && kv.isEmpty())) {")),
  TAKES_BACK_WITHOUT_LEAVE(
      new Patch("RegistrationMachine", "case WAIT -> false;", "case WAIT -> true;")),
  LETS_A_FORBIDDEN_KEY_EXPIRE(
      new Patch(
          "LeasedRegistration",
          "if (machine.leaseInEtcd() != 0) {",
          "if (machine.leaseInEtcd() < 0) {")),
  DOES_NOT_REVOKE(BuggyClients::notRevoking);

  private final UnaryOperator<EtcdClient> client;
  private final List<Patch> patches;

  PlantedBug(Patch... patches) {
    this(UnaryOperator.identity(), patches);
  }

  PlantedBug(UnaryOperator<EtcdClient> client, Patch... patches) {
    this.client = client;
    this.patches = List.of(patches);
  }

  List<Patch> patches() {
    return patches;
  }

  /** Runs a seed with a bug, whose patches the loader of this class has applied. */
  public static void run(String bug, long seed) {
    Simulation.run(seed, valueOf(bug).client);
  }

  /** Parts of patches. */
  private static final class Text {
    private static final Patch TRUST =
        new Patch(
            "SessionMachine",
            "  private void suspect() {",
            """
              private void connectAnew(Header header) {
                incarnation++;
                revision = header.revision();
                term = header.raftTerm();
                if (phase == Phase.CONNECTED) {
                  effects.closeWatches();
                  becomeConnected(Continuity.NEW);
                }
              }

              private void suspect() {\
            """);
  }
}
