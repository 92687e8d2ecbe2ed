/* voter — whom may I back? Rules V1 to V7 of all three peers.
 *
 * Room: one promise in force, one on its way to the disk, and the floor below which nothing is
 * promised. A promise is timed by this peer's clock from the moment it accepted the claim. */
#ifndef HOLDFAST_PROTO_VOTER_H
#define HOLDFAST_PROTO_VOTER_H

#include "ledger.h"
#include "outcome.h"
#include "silence.h"
#include "statement.h"

struct promise {
    uint64_t epoch; /* 0 = none */
    span_ms length_ms;
    struct mark answers; /* the claimant's statement that this answers */
    mono_ms until;       /* MONO_NEVER for a promise to oneself while claiming */
    uint8_t holder;
    uint8_t unused[7];   /* no padding: equal contents are equal bytes */
};

struct voter {
    uint8_t self;
    span_ms lease_ms;
    struct promise promise;    /* in force while now < until */
    struct promise pending;    /* waits for its ticket; becomes `promise` when durable */
    uint64_t pending_ticket;
    uint64_t floor;
    uint8_t floor_holder;      /* PEER_NONE: learned, or nobody */
    mono_ms free_since;        /* when the last promise ended */
    bool freed_by_release;     /* and whether its holder gave it up on purpose */
    uint64_t freed_epoch;      /* up to this number; a later one of that node outdates it */
    enum reason refused;       /* last refusal told, and of which claim */
    uint64_t refused_epoch;
    struct ledger ledger;
};

/* A claim to weigh: rule V1 asks how old it can be. */
struct weighing {
    const struct statement *statement; /* accepted; its claim is not 0 */
    span_ms echo_age;                  /* upper bound of its age */
    mono_ms now;
};

/* Starts with what the file held: a promise to the stored holder until the silence ends. */
void voter_init(struct voter *voter, uint8_t self, span_ms lease_ms,
                const struct stored *found, mono_ms silent_until);
/* Ends a promise whose time is over (rule V7 follows in core). */
void voter_settle(struct voter *voter, mono_ms now, struct outcome *outcome);
/* Weighs a claim: renews, moves up, promises, or refuses with a note (rules V1 to V5). */
void voter_weigh(struct voter *voter, const struct silence *silence,
                 const struct weighing *weighing, struct outcome *outcome);
/* Rule V6: the author gave up every number up to `released`. Call after voter_weigh of the same
 * statement. Only what was given up on purpose (flag `leaving`) was given up with services closed:
 * a lease that ran out while its holder stood still is released, too, when it wakes up. */
void voter_released(struct voter *voter, const struct statement *statement, mono_ms now,
                    struct outcome *outcome);
/* A newer number of the other node is heard of: the release is not the last word any more. */
void voter_heard_of(struct voter *voter, uint64_t epoch);
/* Backs oneself under a new number; durable before it is claimed (rule N1). Returns the ticket.
 * Asserts that no promise to the other node is in force. */
uint64_t voter_pledge(struct voter *voter, uint64_t epoch, mono_ms now,
                      struct outcome *outcome);
/* Drops the promise to oneself, in force or pending. */
void voter_withdraw(struct voter *voter, mono_ms now);
/* Takes what V5 taught as the floor and has it written. Returns the ticket. */
uint64_t voter_learned(struct voter *voter, uint64_t floor, struct outcome *outcome);
/* After ledger_stored: puts a pending promise in force when it is on disk. */
void voter_stored(struct voter *voter, mono_ms now, struct outcome *outcome);
/* The node that I am bound to at `now`, by a promise in force or on its way; or PEER_NONE. */
uint8_t voter_bound_to(const struct voter *voter, mono_ms now);
/* Until when; MONO_LONG_AGO when free. */
mono_ms voter_bound_until(const struct voter *voter, mono_ms now);
/* What the next statement says of the promise in force. */
struct promise_said voter_says(const struct voter *voter, mono_ms now);

#endif
