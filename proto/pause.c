#include "pause.h"

#include <assert.h>
#include <string.h>

/* Orders are numbered in fours so that two peers never give the same number. */
#define ORDERS_PER_ROUND 4

void pause_init(struct pause *pause, const struct stored *found, mono_ms now, int64_t wall_s)
{
    memset(pause, 0, sizeof *pause);
    pause->until = MONO_LONG_AGO;
    if (!found->present)
        return;
    pause->order = found->pause_order;
    if (found->pause_until_wall_s == 0)
        return; /* over, or resumed: no wall clock, however wrong, brings it back */
    int64_t left_s = found->pause_until_wall_s - wall_s;
    if (left_s <= 0)
        return;
    if (left_s > PAUSE_MS_MAX / 1000) /* the wall clock was set back: never longer than allowed */
        left_s = PAUSE_MS_MAX / 1000;
    pause->until = now + left_s * 1000;
}

static void set(struct pause *pause, span_ms left_ms, mono_ms now, struct outcome *outcome)
{
    bool was = pause_is_on(pause, now);
    pause->until = left_ms > 0 ? now + left_ms : MONO_LONG_AGO;
    if (left_ms > 0)
        outcome_note(outcome, REASON_PAUSED, PEER_NONE, 0, left_ms);
    else if (was)
        outcome_note(outcome, REASON_RESUMED, PEER_NONE, 0, 0);
    outcome->prompt = true;
}

void pause_order(struct pause *pause, uint8_t self, span_ms left_ms, mono_ms now,
                 struct outcome *outcome)
{
    assert(left_ms >= 0 && left_ms <= PAUSE_MS_MAX && self < PEER_COUNT);
    pause->order = (pause->order / ORDERS_PER_ROUND + 1) * ORDERS_PER_ROUND + self;
    set(pause, left_ms, now, outcome);
}

bool pause_heard(struct pause *pause, const struct pause_said *said, mono_ms now,
                 struct outcome *outcome)
{
    if (said->order <= pause->order || said->order - pause->order > EPOCH_JUMP_MAX)
        return false;
    pause->order = said->order;
    set(pause, (span_ms)said->left_ms, now, outcome);
    return true;
}

bool pause_settle(struct pause *pause, mono_ms now, struct outcome *outcome)
{
    if (pause->until == MONO_LONG_AGO || now < pause->until)
        return false;
    pause->until = MONO_LONG_AGO;
    outcome_note(outcome, REASON_RESUMED, PEER_NONE, 0, 0);
    return true;
}

bool pause_is_on(const struct pause *pause, mono_ms now)
{
    return now < pause->until;
}

struct pause_said pause_says(const struct pause *pause, mono_ms now)
{
    uint32_t left_ms = pause_is_on(pause, now) ? (uint32_t)(pause->until - now) : 0;
    return (struct pause_said){.order = pause->order, .left_ms = left_ms};
}
