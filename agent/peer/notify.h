/* notify — runs the operator's command when something changed that a person wants to know.
 *
 * On: holder change, lost redundancy, recovered, contested, stall, and alarms. The command is
 * split at blanks and run without a shell, with HOLDFAST_EVENT, HOLDFAST_EPOCH, HOLDFAST_NODE,
 * HOLDFAST_HOLDER, HOLDFAST_CLUSTER and HOLDFAST_TEXT in a small environment; 10 s limit, then
 * SIGKILL to its process group; one at a time. A kind is told at most once in 10 s: what comes
 * meanwhile waits, one message per kind, the newest with the texts of those before it.
 * notify hears of everything through events_listen. */
#ifndef HOLDFAST_PEER_NOTIFY_H
#define HOLDFAST_PEER_NOTIFY_H

#include <uv.h>

#include "../../proto/words.h"
#include "events.h"

struct notify;

/* Texts are copied. command "" = notify does nothing. */
struct notify_world {
    uv_loop_t *loop;
    const char *command, *cluster;
    struct events *events;
};

/* Becomes the listener of `events`. */
int notify_open(struct notify **ret, const struct notify_world *world, struct err *err);
/* Another command from now on (SIGHUP). */
void notify_configure(struct notify *notify, const char *command);
/* Kills a command that runs. Before events_close; the loop must run until handles are closed.
 * NULL is fine. */
void notify_close(struct notify *notify);
/* kind: "holder", "redundancy-lost", "recovered", "contested", "stall", "alarm". Others are
 * ignored. holder "" or NULL: nobody, or not known. */
void notify_tell(struct notify *notify, const char *kind, uint64_t epoch, const char *holder,
                 const char *text);
/* What an event means to a person: one of the kinds above, or NULL. The object has the fields
 * of a line of the events file. */
const char *notify_kind(const json_t *event);
/* Other limits than 10 s each: of one run, and between two of a kind. For tests. */
void notify_limit(struct notify *notify, span_ms run_ms, span_ms every_ms);

#endif
