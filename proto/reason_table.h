/* reason_table — the one table of reasons: code, level, event name, sentence.
 *
 * Included by reason.h only. Keep it sorted by who says it. */
#ifndef HOLDFAST_PROTO_REASON_TABLE_H
#define HOLDFAST_PROTO_REASON_TABLE_H

#define REASON_TABLE(X)                                                                         \
    X(NONE, DEBUG, "none", "nothing")                                                           \
    /* echo, pulse, numbers */                                                                  \
    X(PEER_MET, NOTICE, "peer-met", "{peer} answers: first contact with this start of it")      \
    X(PEER_RESTARTED, NOTICE, "peer-restarted", "{peer} was restarted")                         \
    X(PEER_SILENT, WARNING, "peer-silent", "{peer} has not been heard freshly for {ms}")        \
    X(PEER_BACK, NOTICE, "peer-back", "{peer} is heard again")                                  \
    X(TWO_PROCESSES, ALARM, "two-processes", "two processes use the key of {peer}: stop one")   \
    X(ROLLED_BACK, ALARM, "rolled-back",                                                        \
      "both other peers answer statements I never sent: this machine was rolled back or "       \
      "cloned; starting anew")                                                                  \
    X(NUMBER_POISONED, ALARM, "number-poisoned",                                                \
      "{peer} names epoch {epoch}, which is impossibly high: refused")                          \
    X(FENCE_POISONED, ALARM, "fence-poisoned",                                                  \
      "the record's fence names epoch {epoch}, which is impossibly high: refused")              \
    X(WALL_POISONED, ALARM, "wall-poisoned",                                                    \
      "the wall clock of this machine is impossible: not used for numbers")                     \
    X(LYING, ALARM, "equivocation",                                                             \
      "{peer} signed two statements that contradict each other: a cloned machine or a stolen "  \
      "key; automatic moves are stopped")                                                       \
    X(PROMISE_FELL, ALARM, "promise-fell",                                                      \
      "{peer} came back promising a lower epoch {epoch}: it lost its state file")               \
    X(STALL, WARNING, "stall", "this process stood still for {ms}")                             \
    /* silence (V5), roster (N10), pause (N12) */                                               \
    X(SILENT_RESTART, INFO, "silent", "restarted: moves nothing for {ms}")                      \
    X(SILENT_AMNESIA, ALARM, "state-missing",                                                   \
      "the state file is missing or damaged: backs nobody until both other peers were heard")   \
    X(SILENT_GENESIS, INFO, "silent", "first start of a new cluster: silent for {ms}")          \
    X(GENESIS_OLD, WARNING, "genesis-refused",                                                  \
      "told that this is a new cluster, but {peer} knows epoch {epoch}: learning first")        \
    X(SILENCE_OVER, NOTICE, "silence-over", "silence over, a voter again; floor {epoch}")       \
    X(MEMBERS_CHANGED, WARNING, "members-changed",                                              \
      "the set of keys changed: claims only after the other node shows the same set")           \
    X(MEMBERS_CONFIRMED, NOTICE, "members-confirmed", "{peer} shows the same set of keys")      \
    X(PAUSED, WARNING, "paused", "paused by an operator for {ms}: nothing moves")               \
    X(RESUMED, NOTICE, "resumed", "no longer paused")                                           \
    /* voter */                                                                                 \
    X(PROMISED, INFO, "promised", "backs {peer} under epoch {epoch}")                           \
    X(PROMISE_ENDED, INFO, "promise-ended", "promise to {peer} under epoch {epoch} ran out")    \
    X(PROMISE_FREED, INFO, "promise-freed", "{peer} gave up epoch {epoch}: free again")         \
    X(REFUSED_BOUND, INFO, "claim-refused",                                                     \
      "does not back {peer} under {epoch}: another claim is backed")                            \
    X(REFUSED_LOW, INFO, "claim-refused", "does not back {peer}: epoch {epoch} is below mine")  \
    X(REFUSED_SILENT, INFO, "claim-refused", "does not back {peer} under {epoch} yet: silent")  \
    X(STORE_FAILED, ALARM, "store-failed",                                                      \
      "the state directory cannot be written: no new promise until it can")                     \
    X(STORE_WORKS, NOTICE, "store-works", "the state directory can be written again")           \
    /* claim */                                                                                 \
    X(CLAIM_STORING, INFO, "claim-storing", "wants epoch {epoch}: storing it first")            \
    X(CLAIMED, NOTICE, "claimed", "claims epoch {epoch}")                                       \
    X(CLAIM_YIELDED, INFO, "claim-yielded", "gives up claim {epoch}: {peer} claims higher")     \
    X(CLAIM_EXPIRED, INFO, "claim-expired", "gives up claim {epoch}: nobody backed it")         \
    X(HOLDS, NOTICE, "holds", "holds epoch {epoch}, backed by {peer}")                          \
    X(RENUMBERED, NOTICE, "renumbered", "claims {epoch} above a higher number, holding on")     \
    X(LEASE_LOST, WARNING, "lease-lost", "the lease of epoch {epoch} ended without a renewal")  \
    X(RELEASED, NOTICE, "released", "gave up epoch {epoch} on purpose")                         \
    X(LEAVING, NOTICE, "leaving", "hands epoch {epoch} over to {peer}")                         \
    X(LEAVING_STOP, NOTICE, "leaving", "stops: gives epoch {epoch} up")                         \
    X(LEAVING_UNFIT, WARNING, "leaving", "not fit: hands epoch {epoch} over to {peer}")         \
    X(LEAVING_PREFERRED, NOTICE, "leaving", "fails back: hands epoch {epoch} over to {peer}")   \
    X(FORCED, ALARM, "forced",                                                                  \
      "forced takeover under epoch {epoch}: acts without two of three")                         \
    X(FORCED_OVER, WARNING, "forced-over", "the forced takeover {epoch} ended")                 \
    X(FORCED_SEEN, ALARM, "forced-seen",                                                        \
      "{peer} was made holder by force under {epoch}: waits for the operator")                  \
    X(FORCED_GONE, NOTICE, "forced-gone", "the forced takeover of {peer} is over")              \
    X(UNFIT, WARNING, "unfit", "this node is not fit to serve")                                 \
    X(FIT, NOTICE, "fit", "this node is fit to serve")                                          \
    X(MAINTENANCE_ON, NOTICE, "maintenance", "maintenance: this node does not claim for {ms}")  \
    X(MAINTENANCE_OFF, NOTICE, "maintenance-over", "maintenance is over")                       \
    /* obstacles: why not */                                                                    \
    X(NOT_A_NODE, INFO, "not-a-node", "a witness never holds")                                  \
    X(NOT_HOLDER, INFO, "not-holder", "this node does not hold")                                \
    X(IS_HOLDER, INFO, "is-holder", "this node holds already")                                  \
    X(BUSY_CLAIMING, INFO, "claiming", "its claim {epoch} waits to be backed")                  \
    X(BUSY_STORING, INFO, "storing", "epoch {epoch} is not on disk yet")                        \
    X(OTHER_HOLDS, INFO, "other-holds", "promised to {peer} under epoch {epoch}, for {ms} yet") \
    X(NOT_FIT, INFO, "not-fit", "this node is not fit, and a fit other node was heard lately")  \
    X(NOT_FIT_YET, INFO, "not-fit-yet", "not fit, and not listened a whole lease yet")          \
    X(IN_MAINTENANCE, INFO, "in-maintenance", "this node is in maintenance, for {ms} yet")      \
    X(IS_PAUSED, INFO, "is-paused", "an operator paused the cluster, for {ms} yet")             \
    X(IS_SILENT, INFO, "is-silent", "after its restart it moves nothing, for {ms} yet")         \
    X(IS_AMNESIAC, INFO, "is-amnesiac",                                                         \
      "lost its state file and must hear {peer} first ('holdfast recover' if that machine is "  \
      "gone)")                                                                                  \
    X(IS_WRITING, INFO, "is-writing", "what it learned is not on disk yet")                     \
    X(ABSTAINS, INFO, "abstains", "gave up on purpose: leaves the other the chance for {ms}")   \
    X(NO_BACKER, INFO, "no-backer", "{peer} could not back it: not heard within half a lease")  \
    X(BACKER_SILENT, INFO, "backer-silent", "{peer} could not back it: silent after a restart") \
    X(BACKER_HELD_BACK, INFO, "backer-held-back",                                               \
      "{peer} could not back anybody new: ask 'holdfast why' there")                            \
    X(BACKER_BOUND, INFO, "backer-bound", "{peer} could not back it: promised to the other node")\
    X(BACKER_NEW, INFO, "backer-new",                                                           \
      "{peer} could not back it: its key is new and the other node has not confirmed it")       \
    X(MEMBERS_PENDING, INFO, "members-pending",                                                 \
      "the set of keys is not confirmed: {peer} has not shown the same set ('holdfast recover' "\
      "if that machine is gone)")                                                                  \
    X(IS_FROZEN, INFO, "is-frozen", "proof of a lying or cloned {peer}: no automatic moves")    \
    X(WAITS_FORCED, INFO, "waits-forced",                                                       \
      "{peer} was made holder by force: waits for 'holdfast release' there")                    \
    X(STALLS_OFTEN, INFO, "stalls-often", "stood still repeatedly: lets the other go first")    \
    X(STORE_BROKEN, INFO, "store-broken", "the state directory cannot be written")              \
    X(IS_LEAVING, INFO, "is-leaving", "is just giving up its lease")                            \
    X(LEASE_SHORT, INFO, "lease-short", "only {ms} of lease are left")                          \
    X(PROOF_OLD, INFO, "proof-old", "the newest backing is {ms} old: waits for a fresh one")    \
    X(TARGET_SILENT, INFO, "target-silent", "{peer} is not heard freshly")                      \
    X(TARGET_UNFIT, INFO, "target-unfit", "{peer} is not fit")                                  \
    X(TARGET_MAINTENANCE, INFO, "target-maintenance", "{peer} is in maintenance")               \
    X(TARGET_MUTE, INFO, "target-mute", "{peer} is silent after its restart")                   \
    X(TARGET_HELD_BACK, INFO, "target-held-back",                                               \
      "{peer} could not claim now: ask 'holdfast why' there")                                   \
    X(TARGET_SELF, INFO, "target-self", "{peer} is this node itself")                           \
    X(TARGET_ALIVE, INFO, "target-alive", "{peer} is alive: it is heard freshly")               \
    X(NO_SPARE, INFO, "no-spare",                                                               \
      "only {peer} would be left to vote with: not heard freshly, so nobody could take over")   \
    X(NOT_FORCED, INFO, "not-forced", "there is no forced takeover to end")                     \
    X(NOTHING_TO_RECOVER, INFO, "nothing-to-recover", "nothing waits for {peer}")               \
    X(NO_HOLDER, INFO, "no-holder", "nobody holds now")                                         \
    X(ACTS_FORCED, INFO, "acts-forced",                                                         \
      "{peer} acts by force, without two of three, and nobody stands by")

#endif
