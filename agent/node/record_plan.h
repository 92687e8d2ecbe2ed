/* record_plan — what a read of the record means for who holds under this epoch. Pure.
 *
 * The whole of the fence's rules (rules N6 and V8, "Acting under a lease") in one question. */
#ifndef HOLDFAST_NODE_RECORD_PLAN_H
#define HOLDFAST_NODE_RECORD_PLAN_H

#include "record_fence.h"

enum record_plan {
    PLAN_WRITE,    /* no fence, or one of a lower epoch: compare-and-set on it */
    PLAN_RIGHT,    /* one of my own tokens under my epoch, and my addresses */
    PLAN_DRIFTED,  /* my fence, other addresses */
    PLAN_HIGHER,   /* a higher epoch: write nothing, number above it */
    PLAN_FOREIGN,  /* my epoch, but not my token: write nothing, alarm */
    PLAN_POISONED, /* a number too far above all known ones: write nothing, alarm */
    PLAN_GARBAGE,  /* not a fence, or several TXT records: write nothing, ask the operator */
};

/* epoch: under which I hold. known: the highest epoch I know of. ret_fence: what was parsed,
 * zeroed when none. */
struct record_question {
    const struct provider_state *seen;
    uint64_t epoch, known;
    const struct record_tokens *tokens;
    const struct serve *want;
};
enum record_plan record_plan_for(const struct record_question *question,
                                 struct record_fence *ret_fence);

#define RESTORE_COUNT_MAX 3         /* repairs in the window, then contested */
#define RESTORE_WINDOW_MS 600000    /* and the time between tries from then on */

/* How often drift was repaired. Zeroed = never. */
struct record_budget {
    mono_ms restores[RESTORE_COUNT_MAX]; /* the last ones, ring */
    unsigned count;                      /* ever */
    bool contested;
};
/* May drift be repaired now? Sets contested when the window is full. */
bool record_budget_allows(struct record_budget *budget, mono_ms now);
/* A repair was started. */
void record_budget_spend(struct record_budget *budget, mono_ms now);
/* Read and found right: contested ends after a whole quiet window. */
void record_budget_calm(struct record_budget *budget, mono_ms now);

#endif
