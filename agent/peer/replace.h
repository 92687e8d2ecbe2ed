/* replace — puts new contents in the place of a file, whole or not at all, without waiting.
 *
 * Room: temporary file, write, fsync, rename, fsync of the directory, on a thread of the pool.
 * Used by: store (promises), pump (takeover certificate). One file per object. */
#ifndef HOLDFAST_PEER_REPLACE_H
#define HOLDFAST_PEER_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "err.h"

#define REPLACE_SIZE_MAX 8192

struct replace;

/* `why` is "" when ok, else what failed ("fsync: No space left on device"). On the loop. */
typedef void replace_on_done(void *owner, bool ok, const char *why);

/* directory: an open directory, borrowed until replace_close; name: of the file in it. */
int replace_open(struct replace **ret, uv_loop_t *loop, int directory, const char *name,
                 struct err *err);
/* Starts to write a copy of `text`. False, and on_done will not come: a write is running, the
 * text is longer than REPLACE_SIZE_MAX, or there is no memory. */
bool replace_write(struct replace *replace, const char *text, replace_on_done *on_done,
                   void *owner);
/* True while a write runs. */
bool replace_is_busy(const struct replace *replace);
/* No callback comes after it. A write that runs goes on by itself; NULL is fine. */
void replace_close(struct replace *replace);
/* The same at once, on this thread: for the CLI. ERR_STATE says what failed. */
int replace_now(int directory, const char *name, const char *text, struct err *err);

#endif
