#include "stall.h"

#include <string.h>

void stall_init(struct stall *stall)
{
    memset(stall, 0, sizeof *stall);
    stall->last_end = MONO_LONG_AGO;
    for (size_t i = 0; i < STALL_RECENT_MAX; i++)
        stall->recent[i] = MONO_LONG_AGO;
}

span_ms stall_threshold(span_ms interval_ms, span_ms lease_ms)
{
    span_ms tick = interval_ms * 5 / 4;
    return lease_ms / 4 > tick ? lease_ms / 4 : tick;
}

void stall_step(struct stall *stall, mono_ms before, mono_ms now, span_ms threshold_ms,
                struct outcome *outcome)
{
    span_ms gap = now - before;
    if (gap <= threshold_ms)
        return;
    stall->recent[stall->count % STALL_RECENT_MAX] = now;
    stall->count++;
    stall->last_end = now;
    if (gap > stall->longest_ms)
        stall->longest_ms = gap;
    outcome_note(outcome, REASON_STALL, PEER_NONE, 0, gap);
}

bool stall_is_repeated(const struct stall *stall, mono_ms now)
{
    for (size_t i = 0; i < STALL_RECENT_MAX; i++)
        if (now - stall->recent[i] > STALL_WINDOW_MS)
            return false;
    return true;
}
