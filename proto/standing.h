/* standing — what this peer is at this instant, as one report for the duties.
 *
 * Room: reads the whole core, changes nothing. */
#ifndef HOLDFAST_PROTO_STANDING_H
#define HOLDFAST_PROTO_STANDING_H

#include "core.h"

/* The report of `now`; `since` is kept from core->reported while the standing is the same. */
struct standing_report standing_now(const struct core *core, mono_ms now);
/* True when two reports differ in anything a duty looks at. */
bool standing_differs(const struct standing_report *a, const struct standing_report *b);
/* The holder in force as far as this peer knows at `now`, or PEER_NONE. */
uint8_t standing_holder(const struct core *core, mono_ms now);
/* Rule N11: the node that acts by an operator's word: this one, or one that says so and is fresh;
 * PEER_NONE when none does. It is no holder: nobody need have backed it. */
uint8_t standing_forced(const struct core *core, mono_ms now);

#endif
