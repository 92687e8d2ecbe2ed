/* stall — did this process stand still?
 *
 * Room: a gap between two steps longer than a quarter of the lease (and longer than a tick
 * explains) is a stall. Permits then need a proof from after it; a node that stalls repeatedly
 * claims later than the other would ("Clock"). */
#ifndef HOLDFAST_PROTO_STALL_H
#define HOLDFAST_PROTO_STALL_H

#include "outcome.h"
#include "words.h"

#define STALL_RECENT_MAX 3          /* so many within the window: "repeatedly" */
#define STALL_WINDOW_MS 600000 /* 10 min */

struct stall {
    uint32_t count;   /* since start */
    span_ms longest_ms;
    mono_ms last_end; /* MONO_LONG_AGO = never */
    mono_ms recent[STALL_RECENT_MAX];
};

/* Never stood still. */
void stall_init(struct stall *stall);
/* Longest gap between two steps that is no stall: a quarter of the lease, or a tick's length. */
span_ms stall_threshold(span_ms interval_ms, span_ms lease_ms);
/* A step at `now` after one at `before`. */
void stall_step(struct stall *stall, mono_ms before, mono_ms now, span_ms threshold_ms,
                struct outcome *outcome);
/* Stood still at least STALL_RECENT_MAX times within STALL_WINDOW_MS? */
bool stall_is_repeated(const struct stall *stall, mono_ms now);

#endif
