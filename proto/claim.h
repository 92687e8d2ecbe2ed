/* claim — may I hold? Rules N2 to N7 of a node.
 *
 * Room: the own claim from wish to lease and back: storing, claiming, holding, given up. It
 * counts grants by the time the answered statement was sent. When it may begin is asked of
 * candidacy; who should hold of merit. */
#ifndef HOLDFAST_PROTO_CLAIM_H
#define HOLDFAST_PROTO_CLAIM_H

#include "echo.h"
#include "lease.h"
#include "outcome.h"
#include "statement.h"
#include "voter.h"

enum claim_phase {
    CLAIM_NONE,
    CLAIM_STORING,  /* the self-promise of `next` is on its way to the disk */
    CLAIM_CLAIMING, /* `epoch` is said, nobody backs it yet */
    CLAIM_HOLDING,  /* backed until `backed_until` */
};

struct grant {
    mono_ms sent;  /* when the statement left that it answers; MONO_LONG_AGO = none */
    mono_ms until; /* it backs me until then */
};

struct claim {
    enum claim_phase phase;
    uint8_t self;
    struct lease_terms terms;
    uint64_t epoch;       /* said in statements; 0 unless CLAIMING or HOLDING */
    uint64_t held;        /* the number held, 0 unless HOLDING; <= epoch */
    uint64_t next;        /* being stored (first claim or re-numbering), 0 = none */
    uint64_t next_ticket;
    mono_ms since;        /* start of CLAIMING or HOLDING */
    mono_ms backed_until; /* MONO_LONG_AGO unless HOLDING */
    mono_ms lapsed_at;    /* end of the last lease or the moment of giving up */
    struct grant grants[PEER_COUNT];
    uint64_t released;    /* highest number given up */
    mono_ms abstain_until; /* rule N7: no claim for two leases after giving up on purpose */
    mono_ms renumbered_at;
    bool leaving;         /* giving up on purpose, effects still running */
    bool closed;          /* the last lease was given up so: its services were closed before */
    bool after_release;   /* the holdership before this one was given up on purpose */
};

/* terms are copied. */
void claim_init(struct claim *claim, uint8_t self, const struct lease_terms *terms);
/* Rule N4: ends a lease at its instant; rule N5: gives up a claim nobody backed for 4 leases.
 * forced: a forced claim waits for its operator instead. */
void claim_settle(struct claim *claim, struct voter *voter, mono_ms now, bool forced,
                  struct outcome *outcome);
/* Rule N1: stores the self-promise under `next`. Asserts CLAIM_NONE. */
void claim_begin(struct claim *claim, struct voter *voter, uint64_t next, mono_ms now,
                 struct outcome *outcome);
/* After voter_stored: says the claim whose self-promise is on disk. */
void claim_stored(struct claim *claim, const struct voter *voter, mono_ms now,
                  struct outcome *outcome);
/* Rule N5: a fresh statement of the other node claims higher: an unbacked claim yields. Call
 * before voter_weigh of the same statement. */
void claim_rival(struct claim *claim, struct voter *voter, const struct statement *statement,
                 mono_ms now, struct outcome *outcome);
/* A newer number of the other node is heard of while the claim waits to be backed: the release
 * before the claim (freed_epoch) is not the last word any more. */
void claim_heard_of(struct claim *claim, uint64_t freed_epoch, uint64_t epoch);
/* Rules N3, N4: does this accepted statement back me? */
void claim_granted(struct claim *claim, const struct echo *echo,
                   const struct statement *statement, mono_ms now, struct outcome *outcome);
/* Rule N6: takes `next`, above a number heard freshly, without stopping. False when it is too
 * soon (a holder at most once a lease) or a number is already being stored. */
bool claim_renumber(struct claim *claim, struct voter *voter, uint64_t next, mono_ms now,
                    struct outcome *outcome);
/* Gives up whatever there is, at once: released, self-promise dropped. abstain: rule N7. */
void claim_give_up(struct claim *claim, struct voter *voter, bool abstain, mono_ms now,
                   struct outcome *outcome);
/* The other node was given its chance and took it: rule N7's abstaining is over. */
void claim_succeeded(struct claim *claim);
/* True while the lease goes on at `now` (rule N4). */
bool claim_holds(const struct claim *claim, mono_ms now);
/* When the statement left that the newest grant answers; MONO_LONG_AGO = none. */
mono_ms claim_proof_sent(const struct claim *claim);

#endif
