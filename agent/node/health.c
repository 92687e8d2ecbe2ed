/* health — see health.h.
 *
 * Happy path: each probe runs, one run at a time, `interval` after the start of the one before;
 * counting verdicts turns it good or bad; a change of the whole is told.
 * Failure modes: a run that cannot start, fails or takes too long is a failure with a reason. A
 * run longer than the interval delays the next, never overlaps it. */
#include "health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/clock.h"
#include "probe/exec.h"

enum verdict { VERDICT_UNKNOWN, VERDICT_GOOD, VERDICT_BAD };

struct probe {
    struct health *health;
    struct probe_config config;
    uv_timer_t timer;
    struct probe_exec *run; /* NULL = not running */
    mono_ms started;
    enum verdict verdict;
    uint32_t good_in_row, bad_in_row;
    char reason[PROBE_REASON_SIZE];
    span_ms ms; /* of the last run, -1 = none yet */
};

struct health {
    struct health_world world;
    struct probe *probes;
    size_t count;
    bool resumed_fit; /* unknown verdicts count as good */
    bool told, told_fit;
    uint32_t told_mask;
    uv_timer_t first;
    unsigned handles;
};

static const char *const verdict_names[] = {"unknown", "good", "bad"};

static uint32_t unfit_mask(const struct health *health)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < health->count; i++) {
        const struct probe *probe = &health->probes[i];
        bool unfit = probe->verdict == VERDICT_BAD ||
                     (probe->verdict == VERDICT_UNKNOWN && !health->resumed_fit);
        if (unfit && probe->config.weight == PROBE_BLOCK)
            mask |= (uint32_t)1 << i;
    }
    return mask;
}

static void tell_fitness(struct health *health)
{
    uint32_t mask = unfit_mask(health);
    bool fit = mask == 0;
    if (health->told && health->told_fit == fit && health->told_mask == mask)
        return;
    health->told = true;
    health->told_fit = fit;
    health->told_mask = mask;
    health->world.fitness(health->world.owner, fit, mask);
}

static void tell_verdict(const struct probe *probe)
{
    const struct health_world *world = &probe->health->world;
    bool good = probe->verdict == VERDICT_GOOD;
    bool blocks = probe->config.weight == PROBE_BLOCK;
    char text[400];
    snprintf(text, sizeof text, "probe %s is %s: %s", probe->config.name,
             verdict_names[probe->verdict], probe->reason);
    struct happening happening = {
        .event = good ? "probe-good" : "probe-bad",
        .level = good ? REASON_INFO : REASON_WARNING,
        .text = text,
        .fields = json_pack("{s:s, s:s, s:s, s:s, s:I}", "probe", probe->config.name, "verdict",
                            verdict_names[probe->verdict], "weight", blocks ? "block" : "warn",
                            "reason", probe->reason, "ms", (json_int_t)probe->ms),
    };
    world->tell(world->owner, &happening);
}

static void count_verdict(struct probe *probe, bool good)
{
    enum verdict before = probe->verdict;
    probe->good_in_row = good ? probe->good_in_row + 1 : 0;
    probe->bad_in_row = good ? 0 : probe->bad_in_row + 1;
    if (good && probe->good_in_row >= probe->config.rise)
        probe->verdict = VERDICT_GOOD;
    if (!good && probe->bad_in_row >= probe->config.fall)
        probe->verdict = VERDICT_BAD;
    if (probe->verdict != before)
        tell_verdict(probe);
    tell_fitness(probe->health);
}

static void on_due(uv_timer_t *timer);

static void plan_next(struct probe *probe)
{
    span_ms wait = probe->config.interval_ms - (clock_now() - probe->started);
    uv_timer_start(&probe->timer, on_due, wait > 0 ? (uint64_t)wait : 0, 0);
}

static void on_verdict(void *owner, bool good, const char *reason, span_ms ms)
{
    struct probe *probe = owner;
    probe->run = NULL;
    probe->ms = ms;
    snprintf(probe->reason, sizeof probe->reason, "%s", reason);
    plan_next(probe);
    count_verdict(probe, good);
}

static void on_due(uv_timer_t *timer)
{
    struct probe *probe = timer->data;
    char reason[PROBE_REASON_SIZE];
    probe->started = clock_now();
    probe->run =
        probe_exec_start(probe->health->world.loop, &probe->config, on_verdict, probe, reason);
    if (probe->run == NULL)
        on_verdict(probe, false, reason, 0);
}

static void on_first(uv_timer_t *timer)
{
    tell_fitness(timer->data);
}

int health_open(struct health **ret, const struct config *config, bool resumed_fit,
                const struct health_world *world, struct err *err)
{
    struct health *health = calloc(1, sizeof *health);
    struct probe *probes = calloc(PROBE_MAX, sizeof *probes);
    if (health == NULL || probes == NULL) {
        free(health);
        free(probes);
        return err_set(err, ERR_SYSTEM, "health: out of memory");
    }
    health->world = *world;
    health->probes = probes;
    health->count = config->probe_count < PROBE_MAX ? config->probe_count : PROBE_MAX;
    health->resumed_fit = resumed_fit;
    uv_timer_init(world->loop, &health->first);
    health->first.data = health;
    uv_timer_start(&health->first, on_first, 0, 0);
    for (size_t i = 0; i < health->count; i++) {
        struct probe *probe = &probes[i];
        probe->health = health;
        probe->config = config->probes[i];
        probe->ms = -1;
        snprintf(probe->reason, sizeof probe->reason, "not run yet");
        uv_timer_init(world->loop, &probe->timer);
        probe->timer.data = probe;
        uv_timer_start(&probe->timer, on_due, 0, 0);
    }
    health->handles = 1 + (unsigned)health->count;
    *ret = health;
    return 0;
}

static void release(struct health *health)
{
    if (--health->handles == 0) {
        free(health->probes);
        free(health);
    }
}

static void on_closed_first(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_closed_probe(uv_handle_t *handle)
{
    struct probe *probe = handle->data;
    release(probe->health);
}

void health_close(struct health *health)
{
    for (size_t i = 0; i < health->count; i++) {
        struct probe *probe = &health->probes[i];
        if (probe->run != NULL)
            probe_exec_cancel(probe->run);
        probe->run = NULL;
        uv_close((uv_handle_t *)&probe->timer, on_closed_probe);
    }
    uv_close((uv_handle_t *)&health->first, on_closed_first);
}

json_t *health_json(const struct health *health)
{
    json_t *list = json_array();
    for (size_t i = 0; i < health->count; i++) {
        const struct probe *probe = &health->probes[i];
        json_t *entry = json_pack(
            "{s:s, s:s, s:s, s:s, s:o}", "name", probe->config.name, "verdict",
            verdict_names[probe->verdict], "weight",
            probe->config.weight == PROBE_BLOCK ? "block" : "warn", "reason", probe->reason,
            "ms", probe->ms < 0 ? json_null() : json_integer(probe->ms));
        json_array_append_new(list, entry);
    }
    return list;
}

json_t *health_unfit_reasons(const struct health *health)
{
    json_t *list = json_array();
    uint32_t mask = unfit_mask(health);
    for (size_t i = 0; i < health->count; i++) {
        const struct probe *probe = &health->probes[i];
        char text[NAME_SIZE + PROBE_REASON_SIZE + 32];
        if ((mask >> i & 1) == 0)
            continue;
        if (probe->verdict == VERDICT_UNKNOWN)
            snprintf(text, sizeof text, "probe %s has no verdict yet (%s)", probe->config.name,
                     probe->reason);
        else
            snprintf(text, sizeof text, "probe %s: %s", probe->config.name, probe->reason);
        json_array_append_new(list, json_string(text));
    }
    return list;
}
