/* exec — see exec.h.
 *
 * Happy path: the program ends with 0 before its limit: good.
 * Failure modes: another exit status, a signal, the limit, a program that cannot be started:
 * bad, with a reason in words. */
#include "exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../command.h"

#define LINE_MAX_SHOWN 120

struct probe_exec {
    struct command *command;
    span_ms timeout_ms;
    probe_exec_on_verdict *on_verdict;
    void *owner;
};

static void tell_reason(const struct probe_exec *run, const struct command_result *result,
                        char ret[PROBE_REASON_SIZE])
{
    int len = (int)strcspn(result->output, "\n");
    if (len > LINE_MAX_SHOWN)
        len = LINE_MAX_SHOWN;
    if (result->timed_out)
        snprintf(ret, PROBE_REASON_SIZE, "timed out after %lld ms%s%.*s",
                 (long long)run->timeout_ms, len > 0 ? ": " : "", len, result->output);
    else if (len > 0)
        snprintf(ret, PROBE_REASON_SIZE, "%.*s", len, result->output);
    else if (result->signal != 0)
        snprintf(ret, PROBE_REASON_SIZE, "ended by signal %d", result->signal);
    else
        snprintf(ret, PROBE_REASON_SIZE, "exit status %d", result->exit_status);
}

static void on_end(void *owner, const struct command_result *result)
{
    struct probe_exec *run = owner;
    struct probe_exec copy = *run;
    char reason[PROBE_REASON_SIZE];
    tell_reason(run, result, reason);
    free(run);
    copy.on_verdict(copy.owner, result->exit_status == 0, reason, result->ran_ms);
}

struct probe_exec *probe_exec_start(uv_loop_t *loop, const struct probe_config *config,
                                    probe_exec_on_verdict *on_verdict, void *owner,
                                    char *ret_reason)
{
    char name[NAME_SIZE + 32];
    struct err err = {0};
    struct probe_exec *run = calloc(1, sizeof *run);
    if (run == NULL) {
        snprintf(ret_reason, PROBE_REASON_SIZE, "out of memory");
        return NULL;
    }
    run->timeout_ms = config->timeout_ms;
    run->on_verdict = on_verdict;
    run->owner = owner;
    snprintf(name, sizeof name, "HOLDFAST_PROBE=%s", config->name);
    struct command_order order = {.line = config->command,
                                  .environment = (const char *const[]){name, NULL},
                                  .limit_ms = config->timeout_ms,
                                  .on_end = on_end,
                                  .owner = run};
    if (command_start(&run->command, loop, &order, &err) != 0) {
        snprintf(ret_reason, PROBE_REASON_SIZE, "%.160s", err.text);
        free(run);
        return NULL;
    }
    return run;
}

void probe_exec_cancel(struct probe_exec *run)
{
    command_cancel(run->command);
    free(run);
}
