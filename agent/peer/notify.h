/* notify — runs the operator's command when something changed that a person wants to know.
 *
 * On: holder change, lost redundancy, recovered, contested, stall, and alarms. The command is
 * split at blanks and run without a shell, with HOLDFAST_EVENT, HOLDFAST_EPOCH, HOLDFAST_NODE,
 * HOLDFAST_HOLDER, HOLDFAST_CLUSTER and HOLDFAST_TEXT in a small environment; 10 s limit, then
 * SIGKILL to its process group; one at a time, a queue of 16 (older equal kinds merge), at most
 * one per kind and 10 s. */
#ifndef HOLDFAST_PEER_NOTIFY_H
#define HOLDFAST_PEER_NOTIFY_H

#include <uv.h>

#include "events.h"

struct notify;

/* command "" = notify does nothing. */
int notify_open(struct notify **ret, uv_loop_t *loop, const char *command, const char *cluster,
                struct events *events, struct err *err);
void notify_close(struct notify *notify);
/* kind: "holder", "redundancy-lost", "recovered", "contested", "stall", "alarm". */
void notify_tell(struct notify *notify, const char *kind, uint64_t epoch, const char *holder,
                 const char *text);

#endif
