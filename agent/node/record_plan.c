/* record_plan — see record_plan.h.
 *
 * Happy path: absent or lower: write; own token: right.
 * Failure modes: everything that is not understood ends in a plan that writes nothing. */
#include "record_plan.h"

#include <string.h>

#include "../../proto/numbers.h"
#include "record_serve.h"

enum record_plan record_plan_for(const struct record_question *question,
                                 struct record_fence *ret_fence)
{
    const struct provider_state *seen = question->seen;
    memset(ret_fence, 0, sizeof *ret_fence);
    if (seen->fence_count == 0)
        return PLAN_WRITE;
    if (seen->fence_count > 1 || !record_fence_parse(seen->fence, ret_fence))
        return PLAN_GARBAGE;
    struct numbers numbers = {.seen = question->epoch, .fence = question->known};
    if (!numbers_plausible(&numbers, ret_fence->epoch))
        return PLAN_POISONED;
    if (ret_fence->epoch != question->epoch)
        return ret_fence->epoch > question->epoch ? PLAN_HIGHER : PLAN_WRITE;
    if (!record_fence_is_own(question->tokens, ret_fence->token))
        return PLAN_FOREIGN;
    return !seen->more && record_serve_same(&seen->serve, question->want) ? PLAN_RIGHT
                                                                          : PLAN_DRIFTED;
}

static mono_ms newest(const struct record_budget *budget)
{
    return budget->count == 0 ? MONO_LONG_AGO
                              : budget->restores[(budget->count - 1) % RESTORE_COUNT_MAX];
}

bool record_budget_allows(struct record_budget *budget, mono_ms now)
{
    mono_ms oldest = budget->restores[budget->count % RESTORE_COUNT_MAX];
    if (budget->count >= RESTORE_COUNT_MAX && now - oldest < RESTORE_WINDOW_MS)
        budget->contested = true;
    return !budget->contested || now - newest(budget) >= RESTORE_WINDOW_MS;
}

void record_budget_spend(struct record_budget *budget, mono_ms now)
{
    budget->restores[budget->count++ % RESTORE_COUNT_MAX] = now;
}

void record_budget_calm(struct record_budget *budget, mono_ms now)
{
    if (now - newest(budget) >= RESTORE_WINDOW_MS)
        budget->contested = false;
}
