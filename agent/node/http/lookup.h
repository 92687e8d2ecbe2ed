/* lookup — a host's addresses from the system's resolver, which may be silent for half a minute:
 * on a thread of its own (blocking). Used by: known, which never runs two for one host. */
#ifndef HOLDFAST_NODE_HTTP_LOOKUP_H
#define HOLDFAST_NODE_HTTP_LOOKUP_H

#include <uv.h>

#include "../../peer/config.h"
#include "../blocking.h"

#define LOOKUP_ADDRESS_MAX 8
#define LOOKUP_ADDRESS_SIZE 46

/* Literal addresses, the most preferred first. */
struct lookup_list {
    char text[LOOKUP_ADDRESS_MAX][LOOKUP_ADDRESS_SIZE];
    size_t count;
};

/* count 0: `why` says why (else it is ""). On the loop. */
typedef void lookup_on_end(void *owner, const struct lookup_list *list, const char *why);

/* NULL: no memory or no thread. Valid until on_end, or blocking_cancel: then the thread ends by
 * itself, whenever the resolver lets it. */
struct blocking *lookup_start(uv_loop_t *loop, const char *host, lookup_on_end *on_end,
                              void *owner);

#endif
