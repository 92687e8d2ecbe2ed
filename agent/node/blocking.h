/* blocking — one call that may block for as long as it likes, on a thread of its own.
 *
 * Not on the loop, and not on the loop's pool either: what hangs for half a minute would keep one
 * of its few threads, and the pool is what writes promises to disk. Nobody waits for the thread,
 * also not the program's end. The caller bounds how many run.
 * Used by: http/lookup, resolvers. */
#ifndef HOLDFAST_NODE_BLOCKING_H
#define HOLDFAST_NODE_BLOCKING_H

#include <stddef.h>
#include <uv.h>

struct blocking;

/* What to do. The block is the only thing that thread and loop share, and never at a time. */
struct blocking_order {
    const void *block; /* copied, bytes as they are: question, and room for the answer */
    size_t size;
    void (*call)(void *block); /* on the thread; signals stay with the loop's */
    /* On the loop, once, unless cancelled; never from inside blocking_start. The copy, as the call
     * left it, is valid until on_end returns. */
    void (*on_end)(void *owner, void *block);
    void *owner;
};

/* NULL: no memory or no thread; on_end will not come. Valid until on_end or blocking_cancel. */
struct blocking *blocking_start(uv_loop_t *loop, const struct blocking_order *order);
/* on_end will not come; the thread ends by itself. NULL is fine. */
void blocking_cancel(struct blocking *blocking);

#endif
