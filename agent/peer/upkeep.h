/* upkeep — maintenance of this node as an operator ordered it, kept across restarts.
 *
 * The file is STATE/maintenance, one JSON object {"until_wall_s": N, "reason": "..."}; absent =
 * no maintenance. It names an end in wall-clock time, since an order outlives a reboot; within
 * one life of the process the core counts by its own clock. */
#ifndef HOLDFAST_PEER_UPKEEP_H
#define HOLDFAST_PEER_UPKEEP_H

#include <uv.h>

#include "../../proto/words.h"
#include "err.h"

#define UPKEEP_REASON_SIZE 201           /* bytes with the final 0 */
#define UPKEEP_MS_MAX (30LL * 86400000)  /* maintenance ends by itself: 30 d at most */
#define UPKEEP_MS_DEFAULT (24LL * 3600000)

struct upkeep;

struct upkeep_order {
    int64_t until_wall_s; /* 0 = none */
    char reason[UPKEEP_REASON_SIZE];
};

/* Reads the file (blocking: before the loop runs). A file that is damaged or names an end in
 * the past counts as absent; `warning` says so then, else its code is 0. Returns 0, or ERR_SYSTEM
 * when there is no memory. */
int upkeep_open(struct upkeep **ret, uv_loop_t *loop, const char *state_dir, struct err *warning);
/* The order as read, or as last set. */
const struct upkeep_order *upkeep_order(const struct upkeep *upkeep);
/* Takes the order at once and writes it (off the loop); on_done says whether it is on disk.
 * until_wall_s 0 removes the file. False when the write before this one still runs: nothing
 * was changed, and on_done is not called. */
bool upkeep_set(struct upkeep *upkeep, const struct upkeep_order *order,
                void (*on_done)(void *owner, bool ok), void *owner);
/* Frees, after a write that runs has ended; its on_done is not called any more. */
void upkeep_close(struct upkeep *upkeep);

#endif
