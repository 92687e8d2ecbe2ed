/* command — runs one program of the operator's, without a shell, and never waits for it.
 *
 * The line is split at blanks. The program gets an own session and process group, / as its
 * directory, nothing to read, a short fixed environment plus the caller's, and a time limit;
 * its output (both streams) is caught up to a bound. Used by: exec provider, exec probe. */
#ifndef HOLDFAST_NODE_COMMAND_H
#define HOLDFAST_NODE_COMMAND_H

#include <uv.h>

#include "../../proto/words.h"
#include "../peer/config.h"
#include "../peer/err.h"

#define COMMAND_SET_MAX 16    /* environment entries of the caller */
#define COMMAND_OUTPUT_MAX 512 /* bytes kept; the rest is read and dropped */
#define COMMAND_ALIVE_MAX 64   /* of the loop, not collected yet: a dead disk keeps them, killed or
                                * not */

struct command;

struct command_result {
    int exit_status; /* 0..255, or -1 when a signal ended it */
    int signal;      /* 0, or the signal */
    int error;       /* errno: it could not be run, the output says so; else 0 */
    bool timed_out;  /* the limit came first; it was killed, with its whole group */
    span_ms ran_ms;
    const char *output; /* printable, ends in 0; valid during the call */
};

struct command_order {
    const char *line;
    const char *const *environment; /* "NAME=value", NULL at the end; NULL = none */
    span_ms limit_ms;
    /* Exactly once, unless cancelled; never from inside command_start. */
    void (*on_end)(void *owner, const struct command_result *result);
    void *owner;
};

/* Starts it; the order is copied where needed. ERR_SYSTEM: no descriptors or processes are left.
 * What cannot be run ends at once. *ret is valid until on_end or command_cancel. */
int command_start(struct command **ret, uv_loop_t *loop, const struct command_order *order,
                  struct err *err);
/* Kills its process group; on_end will not come. Safe from callbacks. */
void command_cancel(struct command *command);

#endif
