/* record_differ — what the provider has against what we want, in words. Pure.
 *
 * Used by: record, for `status --json` and `holdfast dns show`. One sentence per difference. */
#ifndef HOLDFAST_NODE_RECORD_DIFFER_H
#define HOLDFAST_NODE_RECORD_DIFFER_H

#include <jansson.h>

#include "record_fence.h"

/* All borrowed for the call. */
struct record_differ {
    const struct provider_state *seen;
    const char *name;         /* of the record */
    const struct serve *want; /* NULL: nobody is known to hold, so nothing is known to be wanted */
    const char *node;         /* whose addresses those are; NULL with `want` */
    uint32_t ttl_s;
    uint64_t epoch;                     /* under which this node holds; 0 = it does not */
    const struct record_tokens *tokens; /* those of that epoch */
};

/* The differences as an array of sentences, empty when there is none. New reference. */
json_t *record_differ_json(const struct record_differ *differ);

#endif
