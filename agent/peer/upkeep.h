/* upkeep — maintenance of this node as an operator ordered it, kept across restarts.
 *
 * The file is STATE/maintenance, one JSON object {"until_wall_s": N, "reason": "..."}; absent or
 * N = 0: no maintenance. It names an end in wall-clock time, since an order outlives a reboot;
 * within one life of the process the core counts by its own clock. */
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

/* Whether the order is on disk; `why` is what failed. On the loop. */
typedef void upkeep_on_done(void *owner, bool ok, const char *why);

/* Opens the directory and reads the file (blocking: before the loop runs). A file that is
 * damaged counts as absent; then warning->code is not 0. ERR_STATE: no such directory. */
int upkeep_open(struct upkeep **ret, uv_loop_t *loop, const char *state_dir,
                struct err *warning, struct err *err);
/* The order as read (none when its end is past), or as last set. */
const struct upkeep_order *upkeep_order(const struct upkeep *upkeep);
/* Takes the order at once (until_wall_s 0 = off) and writes it, off the loop. False, and on_done
 * will not come: it cannot be written now. */
bool upkeep_set(struct upkeep *upkeep, const struct upkeep_order *order,
                upkeep_on_done *on_done, void *owner);
/* No on_done comes after it. NULL is fine. */
void upkeep_close(struct upkeep *upkeep);

#endif
