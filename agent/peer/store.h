/* store — the promise file: what this peer must not forget (rules V4, V5, N10, N12).
 *
 * Room: STATE/promise, one line of text with a checksum, replaced whole or not at all; and the
 * lock on STATE that keeps two daemons apart. When to write, and when to try again, is decided
 * in proto (ledger). */
#ifndef HOLDFAST_PEER_STORE_H
#define HOLDFAST_PEER_STORE_H

#include <uv.h>

#include "../../proto/outcome.h"
#include "err.h"

#define STORE_TEXT_SIZE 512

struct store;

/* Opens and locks the existing directory and reads the promise file (blocking: before the loop
 * runs). A missing, damaged or unreadable file is no error: ret_found->present is false and
 * store_trouble says why. ERR_STATE: no directory, not writable, or another daemon uses it. */
int store_open(struct store **ret, uv_loop_t *loop, const char *state_dir,
               struct stored *ret_found, struct err *err);
/* Could store_open use the directory, its lock aside? Blocking. ERR_STATE says why not. */
int store_check(const char *state_dir, struct err *err);
/* Unlocks and frees. No callback comes after it; a write that runs goes on. NULL is fine. */
void store_close(struct store *store);
/* The directory, open as long as the store is. */
int store_directory(const struct store *store);
/* Why the file counted as absent, or why the last write failed; "" = no trouble. */
const char *store_trouble(const struct store *store);

/* Whether the write of `ticket` is on disk. */
typedef void store_on_stored(void *owner, uint64_t ticket, bool ok);

/* Writes; on_stored comes exactly once, on the loop, never from inside this call. Asserts that
 * no other write is outstanding (the core promises it). */
void store_write(struct store *store, const struct stored *stored, uint64_t ticket,
                 store_on_stored *on_stored, void *owner);

/* `holdfast init`: writes the explicit first state (0, nobody) for a new cluster. Blocking.
 * ERR_IN_USE when there is any state already (also a damaged one), or the daemon runs; else
 * ERR_STATE or ERR_SYSTEM. */
int store_write_first(const char *state_dir, const struct members *members, struct err *err);

/* The line of a state; and back, strictly: exactly the bytes that store_print makes. On false
 * *ret is zeroed (not present) and *ret_why is a sentence. Any bytes are safe. */
void store_print(const struct stored *stored, char ret[STORE_TEXT_SIZE]);
bool store_parse(const char *bytes, size_t size, struct stored *ret, const char **ret_why);

#endif
