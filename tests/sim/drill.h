/* drill — in quiet times one thing goes wrong, and what must come of it is known to the moment.
 *
 * The swarm's liveness says that somebody holds again in the end. A drill says who, and when; or it
 * lays a trap that chance seldom lays, and leaves the verdict to the checkers. Played one by one
 * after each heal, and all of them in turn at the level "drills". */
#ifndef HOLDFAST_TESTS_SIM_DRILL_H
#define HOLDFAST_TESTS_SIM_DRILL_H

#include "cluster.h"

/* X(name, what happens, needs a DNS server with compare-and-set) */
#define DRILL_TABLE(X)                                                                          \
    X(deaf, "the holder hears nobody", false)                                                   \
    X(isolated, "the holder is cut off, at any phase of its renewals", false)                   \
    X(crashed, "the holder dies", false)                                                        \
    X(switched, "an operator hands over", false)                                                \
    X(link_cut, "the nodes' own link is cut, then an operator hands over", false)               \
    X(standby_back, "a standby is away and comes back; then the witness dies", false)           \
    X(two_left, "all restart, and the witness does not come back", false)                       \
    X(quick_restart, "the holder's process restarts at once", false)                            \
    X(stopped, "the holder stands still, and goes on when its time is over", false)             \
    X(unfit, "the holder is unfit, the standby fit", false)                                     \
    X(both_unfit, "both nodes are unfit", false)                                                \
    X(paused, "everybody restarts in a pause", false)                                           \
    X(paused_unfit, "the holder is unfit in a pause", false)                                    \
    X(pause_ends, "a pause ends when it was to end", false)                                     \
    X(forced, "the other machine is not off, and this one is made holder by force", false)      \
    X(forced_refused, "made holder by force, and a voter backs the other one", false)           \
    X(forced_waits, "it saw the other made holder by force, and is alone with the witness",     \
      false)                                                                                    \
    X(forced_early, "an operator tries to force as early as can be", false)                     \
    X(disk_fails, "the disks of the voters fail, then work again", false)                       \
    X(foreign_fence, "a fence of a former cluster stands in the zone", true)                    \
    X(late_write, "a write is applied when the other node has written", true)                   \
    X(lone_backer, "one peer backs the holder alone, and forgets", false)                       \
    X(slow_backer, "one peer backs the holder alone, under a number its disk does not have yet",\
      false)                                                                                    \
    X(torn_election, "a voter dies between its word and its disk", false)                       \
    X(believed, "status is taken at its word", false)                                           \
    X(former_life, "one old statement of a former life comes late", false)                      \
    X(outsider, "recordings of former lives come again and again", false)                       \
    X(restored, "a machine is set back to a snapshot of its memory", false)

enum drill_kind {
#define X(name, what, cas) DRILL_##name,
    DRILL_TABLE(X)
#undef X
        DRILL_COUNT
};

/* The stage: a whole and quiet cluster that has a holder. */
struct drill {
    struct cluster *cluster;
    struct world *world;
    span_ms lease;         /* of all peers */
    uint8_t holder, other; /* nodes, as the drill begins */
};

/* Plays the drill `kind`; leaves the cluster whole. One that makes no sense in this cluster counts
 * as played. False on a violation. */
bool drill_play(struct cluster *cluster, enum drill_kind kind);
/* Plays all of them again and again, in an order drawn anew each time, until `end` (true time). */
bool drill_play_all(struct cluster *cluster, true_us end);
/* The drill of that name, or DRILL_COUNT. */
enum drill_kind drill_named(const char *name);

/* ---- what a drill is made of; each returns false on a violation ---- */

/* Time goes by. */
bool drill_pass(const struct drill *drill, span_ms ms);
/* As long as lies between two shares of a lease, in thousandths. */
bool drill_pass_share(const struct drill *drill, span_ms from_ppt, span_ms to_ppt);
/* A violation by `checker` unless `truth`. */
bool drill_expect(const struct drill *drill, bool truth, const char *checker, const char *what);
/* Waits at most `limit_ms` until `node` holds. */
bool drill_wait_holder(const struct drill *drill, uint8_t node, span_ms limit_ms);
/* Waits at most `limit_ms` until somebody holds. */
bool drill_wait_any(const struct drill *drill, span_ms limit_ms);
/* `node` goes on holding for so long, without a lapse and an election. */
bool drill_stays(const struct drill *drill, uint8_t node, span_ms ms);

/* Cuts (by = 1) or mends (by = -1) what goes from one to the other, to `peer`, from it, or both. */
void drill_cut(const struct drill *drill, uint8_t from, uint8_t to, int by);
void drill_cut_in(const struct drill *drill, uint8_t peer, int by);
void drill_cut_out(const struct drill *drill, uint8_t peer, int by);
void drill_isolate(const struct drill *drill, uint8_t peer, int by);
/* Mends all. */
void drill_mend(const struct drill *drill);
/* The holder reads a fence so far above every number that it knows: it takes a new number, and the
 * promises to it move. */
void drill_fence(const struct drill *drill, uint64_t above);
/* An operator's order. */
void drill_order(const struct drill *drill, uint8_t slot, enum order order, span_ms span);
/* A fault of this peer out of the table, with the end that it has there. False: it cannot be. */
bool drill_fault(const struct drill *drill, enum fault_kind kind, uint8_t peer, span_ms length);

/* ---- drill_moves.c, drill_orders.c, drill_force.c, drill_store.c, drill_replay.c ---- */

/* The drills themselves: true unless a checker found something. */
#define X(name, what, cas) bool drill_##name(const struct drill *drill);
DRILL_TABLE(X)
#undef X

#endif
