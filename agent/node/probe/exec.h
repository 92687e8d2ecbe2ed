/* exec — the probe that runs a program: exit status 0 is good, its first line is the reason. */
#ifndef HOLDFAST_NODE_PROBE_EXEC_H
#define HOLDFAST_NODE_PROBE_EXEC_H

#include <uv.h>

#include "../../peer/config.h"

#define PROBE_REASON_SIZE 161

struct probe_exec; /* one run */

/* Told once per run, never from inside probe_exec_start. */
typedef void probe_exec_on_verdict(void *owner, bool good, const char *reason, span_ms ms);

/* Starts a run, limited to config->timeout_ms. NULL: could not be started; *ret_reason (of
 * PROBE_REASON_SIZE) then holds a sentence and on_verdict will not come. */
struct probe_exec *probe_exec_start(uv_loop_t *loop, const struct probe_config *config,
                                    probe_exec_on_verdict *on_verdict, void *owner,
                                    char *ret_reason);
/* Kills it; no verdict comes. */
void probe_exec_cancel(struct probe_exec *run);

#endif
