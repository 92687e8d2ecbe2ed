/* exec — the provider that runs the operator's command for everything that is no RFC 2136.
 *
 * It cannot read: it knows only what it wrote itself in this life, and cannot fence by itself. A
 * write of the fence that it wrote last is a check: the command puts the record right again.
 * Happy path: the command gets old and new fence and addresses in its environment and ends with
 * 0 (applied), 1 (fenced: somebody newer was there) or 2 (refused: configuration); at a check also
 * with 3 (it had been changed, and is right again).
 * Failure modes: any other end, the deadline (SIGKILL to its group) or a lost permit: UNKNOWN;
 * a command that cannot be started: REFUSED. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../peer/clock.h"
#include "../command.h"
#include "../record_fence.h"
#include "../record_serve.h"
#include "provider.h"

#define STATUS_RESTORED 3
#define ENTRY_SIZE 480 /* one "HOLDFAST_X=..." */

enum exec_entry {
    ENTRY_RECORD,
    ENTRY_NAME,
    ENTRY_OLD_FENCE,
    ENTRY_NEW_FENCE,
    ENTRY_OLD_A,
    ENTRY_OLD_AAAA,
    ENTRY_NEW_A,
    ENTRY_NEW_AAAA,
    ENTRY_EPOCH,
    ENTRY_NODE,
    ENTRY_TTL,
    ENTRY_BOOTTIME,
    ENTRY_COUNT
};
static_assert(ENTRY_COUNT <= COMMAND_SET_MAX, "every entry reaches the command");

struct provider {
    uv_loop_t *loop;
    char label[HOST_SIZE], name[HOST_SIZE], line[PATH_SIZE];
    struct provider_state last; /* what the last applied command wrote */
    struct provider_change change;
    struct command *command; /* NULL = none runs */
    struct provider_caller caller;
    provider_on_read *on_read; /* NULL = no read waits */
    void *read_owner;
    uv_timer_t later; /* outcomes never come from inside a call */
    enum provider_outcome later_outcome;
    struct trouble why;
};

static void on_read_due(struct provider *provider)
{
    static const struct trouble nothing = {.kind = TROUBLE_NONE};
    provider_on_read *on_read = provider->on_read;
    provider->on_read = NULL;
    on_read(provider->read_owner, PROVIDER_WON, &provider->last, &nothing);
}

static void on_later(uv_timer_t *timer)
{
    struct provider *provider = timer->data;
    if (provider->on_read != NULL)
        on_read_due(provider);
    else
        provider->caller.on_write(provider->caller.owner, provider->later_outcome,
                                  &provider->why);
}

static void read_last(struct provider *provider, enum provider_scope scope, span_ms deadline_ms,
                      provider_on_read *on_read, void *owner)
{
    (void)scope;
    (void)deadline_ms;
    provider->on_read = on_read;
    provider->read_owner = owner;
    uv_timer_start(&provider->later, on_later, 0, 0);
}

static void take_over(struct provider *provider)
{
    struct provider_state *last = &provider->last;
    memset(last, 0, sizeof *last);
    snprintf(last->fence, sizeof last->fence, "%s", provider->change.new_fence);
    last->fence_count = 1;
    last->serve = provider->change.new_serve;
    last->ttl_s = provider->change.ttl_s;
}

static void on_end(void *owner, const struct command_result *result)
{
    static const enum provider_outcome outcomes[] = {PROVIDER_WON, PROVIDER_FENCED,
                                                     PROVIDER_REFUSED};
    struct provider *provider = owner;
    enum provider_outcome outcome = PROVIDER_UNKNOWN;
    int first_line = (int)strcspn(result->output, "\n");
    bool check = strcmp(provider->change.old_fence, provider->change.new_fence) == 0;
    bool restored = check && result->exit_status == STATUS_RESTORED;
    provider->command = NULL;
    if (result->exit_status >= 0 && result->exit_status <= 2)
        outcome = outcomes[result->exit_status];
    else if (result->error != 0)
        outcome = PROVIDER_REFUSED;
    else if (restored)
        outcome = PROVIDER_WON;
    if (restored)
        trouble_set(&provider->why, TROUBLE_NONE,
                    "%s was changed by another hand, and the command set it right%s%.*s",
                    provider->name, first_line > 0 ? ": " : "",
                    first_line > 200 ? 200 : first_line, result->output);
    else if (result->error != 0)
        trouble_set(&provider->why, TROUBLE_COMMAND, "%s", result->output);
    else if (result->timed_out)
        trouble_set(&provider->why, TROUBLE_COMMAND, "the command was killed after %lld ms",
                    (long long)result->ran_ms);
    else if (outcome == PROVIDER_WON)
        trouble_set(&provider->why, TROUBLE_NONE, "%s", "");
    else
        trouble_set(&provider->why, TROUBLE_COMMAND, "the command ended with %s %d%s%.*s",
                    result->signal != 0 ? "signal" : "exit status",
                    result->signal != 0 ? result->signal : result->exit_status,
                    first_line > 0 ? ": " : "", first_line > 200 ? 200 : first_line,
                    result->output);
    if (outcome == PROVIDER_WON)
        take_over(provider);
    provider->caller.on_write(provider->caller.owner, outcome, &provider->why);
}

/* Fills the texts and points `list` at them. */
static void fill(const struct provider *provider, char entries[ENTRY_COUNT][ENTRY_SIZE])
{
    const struct provider_change *change = &provider->change;
    struct record_fence fence = {0};
    char list[SERVE_TEXT_SIZE];
    record_fence_parse(change->new_fence, &fence);
    snprintf(entries[ENTRY_RECORD], ENTRY_SIZE, "HOLDFAST_RECORD=%s", provider->label);
    snprintf(entries[ENTRY_NAME], ENTRY_SIZE, "HOLDFAST_NAME=%s", provider->name);
    snprintf(entries[ENTRY_OLD_FENCE], ENTRY_SIZE, "HOLDFAST_OLD_FENCE=%s", change->old_fence);
    snprintf(entries[ENTRY_NEW_FENCE], ENTRY_SIZE, "HOLDFAST_NEW_FENCE=%s", change->new_fence);
    record_serve_a(&change->old_serve, list);
    snprintf(entries[ENTRY_OLD_A], ENTRY_SIZE, "HOLDFAST_OLD_A=%s", list);
    record_serve_aaaa(&change->old_serve, list);
    snprintf(entries[ENTRY_OLD_AAAA], ENTRY_SIZE, "HOLDFAST_OLD_AAAA=%s", list);
    record_serve_a(&change->new_serve, list);
    snprintf(entries[ENTRY_NEW_A], ENTRY_SIZE, "HOLDFAST_NEW_A=%s", list);
    record_serve_aaaa(&change->new_serve, list);
    snprintf(entries[ENTRY_NEW_AAAA], ENTRY_SIZE, "HOLDFAST_NEW_AAAA=%s", list);
    snprintf(entries[ENTRY_EPOCH], ENTRY_SIZE, "HOLDFAST_EPOCH=%" PRIu64, fence.epoch);
    snprintf(entries[ENTRY_NODE], ENTRY_SIZE, "HOLDFAST_NODE=%s", fence.node);
    snprintf(entries[ENTRY_TTL], ENTRY_SIZE, "HOLDFAST_TTL=%u", change->ttl_s);
    snprintf(entries[ENTRY_BOOTTIME], ENTRY_SIZE, "HOLDFAST_BOOTTIME_MS=%lld",
             (long long)clock_now());
}

static void end_later(struct provider *provider, enum provider_outcome outcome, const char *text)
{
    provider->later_outcome = outcome;
    trouble_set(&provider->why, TROUBLE_COMMAND, "%s", text);
    uv_timer_start(&provider->later, on_later, 0, 0);
}

static void run(const struct permit *permit, struct provider *provider,
                const struct provider_change *change, span_ms deadline_ms,
                const struct provider_caller *caller)
{
    char entries[ENTRY_COUNT][ENTRY_SIZE];
    const char *environment[ENTRY_COUNT + 1] = {NULL};
    struct err err = {0};
    provider->change = *change;
    provider->caller = *caller;
    fill(provider, entries);
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        environment[i] = entries[i];
    struct command_order order = {.line = provider->line,
                                  .environment = environment,
                                  .limit_ms = deadline_ms,
                                  .on_end = on_end,
                                  .owner = provider};
    if (!caller->still(caller->owner, permit))
        end_later(provider, PROVIDER_UNKNOWN, "not started: the permit to act ended");
    else if (command_start(&provider->command, provider->loop, &order, &err) != 0)
        end_later(provider, PROVIDER_REFUSED, err.text);
}

static void cancel_all(struct provider *provider)
{
    uv_timer_stop(&provider->later);
    provider->on_read = NULL;
    if (provider->command != NULL)
        command_cancel(provider->command);
    provider->command = NULL;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_all(struct provider *provider)
{
    cancel_all(provider);
    uv_close((uv_handle_t *)&provider->later, on_closed);
}

static int open_new(struct provider **ret, const struct provider_world *world,
                    const struct record_config *config, struct err *err)
{
    if (config->command[0] == 0)
        return err_set(err, ERR_USAGE, "[record %s] command: expected a program", config->label);
    struct provider *provider = calloc(1, sizeof *provider);
    if (provider == NULL)
        return err_set(err, ERR_SYSTEM, "[record %s] out of memory", config->label);
    provider->loop = world->loop;
    snprintf(provider->label, sizeof provider->label, "%s", config->label);
    snprintf(provider->name, sizeof provider->name, "%s", config->name);
    snprintf(provider->line, sizeof provider->line, "%s", config->command);
    uv_timer_init(world->loop, &provider->later);
    provider->later.data = provider;
    *ret = provider;
    return 0;
}

const struct provider_operations provider_exec = {
    .name = "exec",
    .fence = PROVIDER_FENCE_NONE,
    .can_read = false,
    .write_ms = 5000, /* longer than a lease: renewals must go on meanwhile */
    .late_ms = 5000,  /* a command of a node that stands still is stopped by nobody */
    .open = open_new,
    .read = read_last,
    .write = run,
    .cancel = cancel_all,
    .close = close_all,
};
