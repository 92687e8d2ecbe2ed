/* lookup — a host's addresses from the system's resolver, on a thread of its own.
 *
 * Not on the loop's pool: a dead resolver keeps a thread for half a minute, and the pool is what
 * writes promises to disk. Used by: known, which never runs two for one host. */
#ifndef HOLDFAST_NODE_HTTP_LOOKUP_H
#define HOLDFAST_NODE_HTTP_LOOKUP_H

#include <uv.h>

#include "../../peer/config.h"

#define LOOKUP_ADDRESS_MAX 8
#define LOOKUP_ADDRESS_SIZE 46

/* Literal addresses, the most preferred first. */
struct lookup_list {
    char text[LOOKUP_ADDRESS_MAX][LOOKUP_ADDRESS_SIZE];
    size_t count;
};

struct lookup;

/* count 0: `why` says why (else it is ""). On the loop. */
typedef void lookup_on_end(void *owner, const struct lookup_list *list, const char *why);

/* NULL: no memory or no thread. Valid until on_end or lookup_cancel. */
struct lookup *lookup_start(uv_loop_t *loop, const char *host, lookup_on_end *on_end,
                            void *owner);
/* on_end will not come; the thread ends by itself, whenever the resolver lets it. */
void lookup_cancel(struct lookup *lookup);

#endif
