/* record_adopt — an operator's word on what stands at the name and is not the holder's.
 *
 * Room: says what taking over would do, and takes the order to do it. The order allows one thing:
 * a compare-and-set from exactly what the operator saw. */
#ifndef HOLDFAST_NODE_RECORD_ADOPT_H
#define HOLDFAST_NODE_RECORD_ADOPT_H

#include <jansson.h>

#include "dns/provider.h"
#include "record.h"

#define ADOPT_MS_MAX 30000 /* how long an order stands that cannot be carried out yet */

/* What the operator saw (as `seen` of record_json told it), and allows. */
struct record_adopt_order {
    char fence[FENCE_SIZE];
    size_t fence_count;
    struct serve serve;
    bool move; /* also when callers get other addresses from it */
};

/* {label, name, provider, kind, about, possible, moves, effect, remedy, seen, wanted}: what is
 * there, and what adopting would change; sentences, null = nothing to say. kind: "unadopted",
 * "foreign", "garbage", "poisoned"; else there is nothing to adopt: "own", "pending", "higher",
 * "several", "unreadable", "command", "standby". New reference. */
json_t *record_adopt_preview(const struct record *record);
/* Takes the order. False: refused, *ret_text says why. */
bool record_adopt(struct record *record, const struct record_adopt_order *order,
                  char ret_text[], size_t size);

#endif
