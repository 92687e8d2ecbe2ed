/* handover — should this holder give up, and to whom? Rules N7 to N9.
 *
 * Room: reads the whole core, changes nothing. */
#ifndef HOLDFAST_PROTO_HANDOVER_H
#define HOLDFAST_PROTO_HANDOVER_H

#include "core.h"
#include "obstacles.h"

/* What keeps `target` from taking over at once: it must be the other node, fresh, fit, not in
 * maintenance and not silent. Empty = it can. */
void handover_ask(const struct core *core, mono_ms now, uint8_t target, struct obstacles *ret);
/* A reason to give up by itself now (LEAVING_UNFIT, LEAVING_PREFERRED), or REASON_NONE. */
enum reason handover_due(const struct core *core, mono_ms now);
/* What would keep the other node from taking over if the holder died now. Empty = survived. */
void handover_ask_survival(const struct core *core, mono_ms now, struct obstacles *ret);

#endif
