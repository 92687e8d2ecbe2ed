/* candidacy — may this node claim now, and if not, what exactly is missing? Rule N1.
 *
 * Room: reads the whole core, changes nothing. */
#ifndef HOLDFAST_PROTO_CANDIDACY_H
#define HOLDFAST_PROTO_CANDIDACY_H

#include "core.h"
#include "obstacles.h"

/* Everything that keeps this node from beginning a claim at `now`. Empty = it may. */
void candidacy_ask(const struct core *core, mono_ms now, struct obstacles *ret);
/* What keeps an operator's forced takeover from beginning (rule N11). */
void candidacy_ask_forced(const struct core *core, mono_ms now, struct obstacles *ret);
/* Could `peer` back a claim of node `candidate`, as far as its newest statement shows? On false,
 * *ret_why says what is missing. `candidate` may be another node (for "would a crash now be
 * survived?"); `peer` is not the own index. */
bool candidacy_backer(const struct core *core, mono_ms now, uint8_t peer, uint8_t candidate,
                      struct obstacle *ret_why);

#endif
