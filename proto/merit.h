/* merit — who should hold: fitness, maintenance, preference, and how long to stay put.
 *
 * Room: rules N8 and N9's memory. It never says who may; the lease does. */
#ifndef HOLDFAST_PROTO_MERIT_H
#define HOLDFAST_PROTO_MERIT_H

#include "outcome.h"
#include "statement.h"

#define MERIT_MOVES_MAX 6               /* remembered hand-overs for unfitness */
#define MERIT_MOVE_WINDOW_MS 3600000 /* doubling counts within an hour */

struct merit {
    bool known; /* health has spoken */
    bool fit;
    uint32_t unfit_mask;
    mono_ms maintenance_until; /* MONO_LONG_AGO = off */
    mono_ms other_fit_at;      /* newest fresh statement that showed the other node fit */
    mono_ms other_fit_since;   /* and since when without a break; MONO_NEVER = not fit now */
    mono_ms moves[MERIT_MOVES_MAX]; /* own hand-overs for unfitness */
    uint32_t move_count;
};

/* Health has not spoken yet: not fit. */
void merit_init(struct merit *merit);
/* EVENT_FITNESS. */
void merit_fitness(struct merit *merit, bool fit, uint32_t unfit_mask, struct outcome *outcome);
/* A fresh statement of the other node was accepted. */
void merit_heard(struct merit *merit, const struct statement *statement, mono_ms now);
/* span_ms 0 = off. */
void merit_maintenance(struct merit *merit, span_ms length_ms, mono_ms now,
                       struct outcome *outcome);
/* Ends a maintenance whose time is over; forgets a partner not heard for a lease. */
void merit_settle(struct merit *merit, mono_ms now, span_ms lease_ms, struct outcome *outcome);
bool merit_in_maintenance(const struct merit *merit, mono_ms now);
/* Counts a hand-over for unfitness. */
void merit_moved(struct merit *merit, mono_ms now);
/* How long a holder stays put before it moves for unfitness: min_hold, doubled for each such
 * move within the last hour (rule N9). */
span_ms merit_hold_length(const struct merit *merit, span_ms min_hold_ms, mono_ms now);
/* True when a statement shows a node that could take over: fit, not in maintenance. */
bool merit_is_fit(const struct statement *statement);

#endif
