/* child — a program is started, in a session of its own, and its end is told.
 *
 * Nothing waits for it: not for its end, and not for its file either, as uv_spawn does, which goes
 * on only once the program was loaded. A disk that is slow or dead keeps the child, not the loop.
 * Used by: command, notify. */
#ifndef HOLDFAST_PEER_CHILD_H
#define HOLDFAST_PEER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

struct child;

/* How it ended. */
struct child_end {
    int exit_status; /* 0..255, or -1 */
    int signal;      /* that ended it, or 0 */
    int error;       /* errno: it could not be run at all; else 0 */
};
/* Exactly once for each start that succeeded, never from inside it. */
typedef void child_on_end(struct child *child, const struct child_end *end);

/* Zeroed by the caller before each start. */
struct child {
    uv_signal_t handle; /* its `data` is the owner's */
    bool open;          /* the owner must uv_close the handle: after on_end, or a failed start */
    pid_t pid;          /* 0 = none runs */
    int fault;
    child_on_end *on_end;
};

/* What to run. Borrowed for the call. */
struct child_order {
    uv_loop_t *loop;
    char *const *words; /* an absolute path, arguments, NULL */
    char *const *environment; /* all of it; NULL ends */
    int output; /* descriptor for both its streams; -1 = /dev/null */
    child_on_end *on_end;
};

/* 0, or an error of libuv's. Its directory is /, its input empty. */
int child_start(struct child *child, const struct child_order *order);
/* How many of this loop have not been collected yet. */
unsigned child_count(uv_loop_t *loop);
/* SIGKILL to it and its whole group, if it runs; on_end still comes. */
void child_kill(struct child *child);

#endif
