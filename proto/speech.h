/* speech — what this peer says now, and to whom.
 *
 * Room: composes the one statement from the parts, plans ticks and prompt statements, and
 * relays. A peer speaks on its own clock, plus prompts at most every PROMPT_GAP_MS. */
#ifndef HOLDFAST_PROTO_SPEECH_H
#define HOLDFAST_PROTO_SPEECH_H

#include "core.h"

/* Speaks if a tick or a prompt is due: fills outcome->statement and adds the SEND and RELAY
 * actions. Takes outcome->prompt into the plan. */
void speech_step(struct core *core, mono_ms now, struct outcome *outcome);

#endif
