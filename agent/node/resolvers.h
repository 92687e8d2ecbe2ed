/* resolvers — which name servers this machine asks: those of the configuration, or those of
 * /etc/resolv.conf. */
#ifndef HOLDFAST_NODE_RESOLVERS_H
#define HOLDFAST_NODE_RESOLVERS_H

#include <uv.h>

#include "../peer/config.h"
#include "blocking.h"

#define RESOLVERS_FILE "/etc/resolv.conf"
#define RESOLVERS_TEXT_MAX 65536 /* bytes of the file that are looked at */

/* Whom to ask. */
struct resolvers {
    struct endpoint list[ADDRESS_MAX];
    size_t count;
};

/* The nameserver lines of a resolv.conf, port 53; what is no address is passed over, the same one
 * counts once. Pure. `text` ends in 0. */
void resolvers_parse(const char *text, struct resolvers *ret);

/* On the loop; `found` is valid during the call. */
typedef void resolvers_on_end(void *owner, const struct resolvers *found);

/* Reads the file when it is needed, because it changes with the network; on a thread of its own,
 * because a disk may hang. A file that cannot be read is one without lines. on_end once, never from
 * inside. NULL: no memory or no thread, on_end will not come. Valid until on_end or
 * blocking_cancel. */
struct blocking *resolvers_read(uv_loop_t *loop, const char *path, resolvers_on_end *on_end,
                                void *owner);

#endif
