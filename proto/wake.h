/* wake — when must the core be stepped again, even if nothing happens?
 *
 * Room: the earliest instant at which time alone changes something. An instant that is missing
 * here is only late by a tick: every step settles what has expired. */
#ifndef HOLDFAST_PROTO_WAKE_H
#define HOLDFAST_PROTO_WAKE_H

#include "core.h"

/* Earliest instant after the step at `now`; `now` itself when a tick is due already. */
mono_ms wake_plan(const struct core *core, mono_ms now);

#endif
