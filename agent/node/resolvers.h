/* resolvers — which name servers this machine asks: those of the configuration, or those of
 * /etc/resolv.conf. */
#ifndef HOLDFAST_NODE_RESOLVERS_H
#define HOLDFAST_NODE_RESOLVERS_H

#include <uv.h>

#include "../peer/config.h"

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

struct resolvers_reading;

/* Reads the file when it is needed, because it changes with the network; on a thread of its own,
 * because a disk that hangs must stop neither the loop nor libuv's pool, which writes the promise.
 * A file that cannot be read is one without lines. on_end once, never from inside; `found` is
 * valid during the call. NULL: no memory, on_end will not come. */
struct resolvers_reading *resolvers_read(uv_loop_t *loop, const char *path,
                                         void (*on_end)(void *owner,
                                                        const struct resolvers *found),
                                         void *owner);
/* on_end will not come; the thread ends by itself. NULL is fine. */
void resolvers_cancel(struct resolvers_reading *reading);

#endif
