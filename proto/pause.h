/* pause — an operator's order that nothing moves. Rule N12.
 *
 * Room: the newest order wins over the whole cluster; it ends by itself. */
#ifndef HOLDFAST_PROTO_PAUSE_H
#define HOLDFAST_PROTO_PAUSE_H

#include "outcome.h"
#include "statement.h"

struct pause {
    uint64_t order; /* number of the newest order known; 0 = never */
    mono_ms until;  /* MONO_LONG_AGO = not paused */
};

/* Takes up an order from the disk; its end is a wall clock reading there. */
void pause_init(struct pause *pause, const struct stored *found, mono_ms now, int64_t wall_s);
/* An operator of this peer orders: left_ms 0 = resume. The number grows and is this peer's. */
void pause_order(struct pause *pause, uint8_t self, span_ms left_ms, mono_ms now,
                 struct outcome *outcome);
/* What another peer says. True when it was a newer order: the caller has it written. */
bool pause_heard(struct pause *pause, const struct pause_said *said, mono_ms now,
                 struct outcome *outcome);
/* Ends a pause whose time is over. True when it did: the caller has it written, so that a wall
 * clock that is wrong after the next start cannot bring it back. */
bool pause_settle(struct pause *pause, mono_ms now, struct outcome *outcome);
bool pause_is_on(const struct pause *pause, mono_ms now);
struct pause_said pause_says(const struct pause *pause, mono_ms now);

#endif
