/* refusals — datagrams that were refused: counted by reason, told at most once a minute each.
 *
 * Used by: pump. A flood of rubbish costs one line a minute and kind. */
#ifndef HOLDFAST_PEER_REFUSALS_H
#define HOLDFAST_PEER_REFUSALS_H

#include <jansson.h>
#include <sys/socket.h>

#include "../../proto/intake.h"

struct refusals {
    mono_ms told_at[INTAKE_VERDICT_COUNT]; /* 0 = never */
    uint64_t told[INTAKE_VERDICT_COUNT];   /* the count at that time */
};

/* One more; intake has counted it. Zero the struct before the first. */
void refusals_note(struct refusals *refusals, const struct intake *intake,
                   enum intake_verdict verdict, const struct sockaddr *from, mono_ms now);
/* {"bad-seal": 3, ...}: all kinds. New reference. */
json_t *refusals_json(const struct intake *intake);

#endif
