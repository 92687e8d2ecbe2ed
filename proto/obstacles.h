/* obstacles — a bounded list of conditions that are missing.
 *
 * Room: the same list decides (empty = go) and explains (`why`), so that what an operator reads
 * is what the rule asked. */
#ifndef HOLDFAST_PROTO_OBSTACLES_H
#define HOLDFAST_PROTO_OBSTACLES_H

#include "limits.h"
#include "reason.h"

/* count 0 = nothing stands against it. */
struct obstacles {
    struct obstacle list[OBSTACLE_COUNT_MAX];
    size_t count;
};

/* Appends one; a full list stays as it is (it is not empty, which is what counts). */
void obstacles_add(struct obstacles *obstacles, struct obstacle obstacle);

#endif
