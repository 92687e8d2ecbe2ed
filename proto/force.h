/* force — a takeover by an operator's word. Rule N11.
 *
 * Room: the own forced standing with its ends, and what to do when the other node shows one. */
#ifndef HOLDFAST_PROTO_FORCE_H
#define HOLDFAST_PROTO_FORCE_H

#include "outcome.h"
#include "statement.h"

struct force {
    bool on;               /* my claim is forced */
    mono_ms until;         /* ends by itself */
    mono_ms refused_since; /* a peer that is heard backs somebody else; MONO_NEVER = no */
    uint8_t refused_by;
    uint8_t seen_from;     /* the other node shows a forced epoch; PEER_NONE = no */
    uint64_t seen_epoch;
};

/* Off. */
void force_init(struct force *force);
/* The operator's word: on, for at most FORCED_MS_MAX. */
void force_begin(struct force *force, mono_ms now);
/* Ends the own forced standing, with a note when it was on. */
void force_end(struct force *force, uint64_t epoch, struct outcome *outcome);
/* An accepted statement of another peer, self's own index, and whether it is fresh. Keeps both
 * sides up to date: refused for how long, and whether the other node is forced. */
void force_heard(struct force *force, uint8_t self, const struct statement *statement,
                 mono_ms now, struct outcome *outcome);
/* True when the own forced claim must end: 24 h are over, or refused for a lease. */
bool force_is_over(const struct force *force, mono_ms now, span_ms lease_ms);
/* The operator ends the waiting. */
void force_forget(struct force *force, struct outcome *outcome);

#endif
