/* spread — measured lengths of one kind, and what to say about them.
 *
 * Room: plain data and arithmetic. A length that never came within the limit is counted apart, and
 * is longer than every one that did. */
#ifndef HOLDFAST_PLAN_SPREAD_H
#define HOLDFAST_PLAN_SPREAD_H

#include "../../proto/words.h"

#define SPREAD_MAX 5000
#define SPREAD_NEVER ((span_ms)-1)   /* as an answer: it never came within the limit, */
#define SPREAD_NOTHING ((span_ms)-2) /* or nothing was measured */

struct spread {
    int32_t ms[SPREAD_MAX];
    uint32_t count; /* of ms */
    uint32_t never;
};

/* Beyond SPREAD_MAX they are dropped; the callers never measure more. */
void spread_add(struct spread *spread, span_ms length);
/* Adds all of another one. */
void spread_join(struct spread *spread, const struct spread *other);
/* Puts it in order; once, after the last add, before the questions. */
void spread_sort(struct spread *spread);
/* The length that `permille` of all are not longer than (nearest rank); 1000 = the longest.
 * SPREAD_NEVER when that one never came, SPREAD_NOTHING when there is none. */
span_ms spread_at(const struct spread *spread, uint32_t permille);
/* All, those that never came included. */
uint32_t spread_size(const struct spread *spread);

#endif
