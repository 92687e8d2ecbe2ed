/* Happy path: the pump reports a standing, each record gets it; a record reads a fence, the core
 * gets its number; probes change their mind, the core gets the fitness. Giving up on purpose: the
 * records cancel, and once none is busy the core hears that nothing runs.
 *
 * Failure modes: a secret that cannot be read keeps the daemon from starting. Everything later is
 * a state of the record or the probe, shown in `status`. */
#include "duty.h"

#include <stdlib.h>

#include "../peer/clock.h"
#include "agree.h"
#include "health.h"
#include "record.h"

struct duty {
    struct duty_world world;
    struct record *records[RECORD_MAX];
    size_t record_count;
    struct health *health;
    struct http *http; /* NULL when no record needs it */
    struct agree agree;
    struct standing_report report;
    bool fit;
};

/* ---- towards the core ---- */

static void tell_idle(struct duty *duty)
{
    if (!duty->report.leaving)
        return;
    for (size_t i = 0; i < duty->record_count; i++)
        if (record_busy(duty->records[i]))
            return;
    pump_event(duty->world.pump, &(struct event){.kind = EVENT_IDLE});
}

static void on_idle(void *owner)
{
    tell_idle(owner);
}

/* Who stands by looks at once whether the other records have it too. */
static void look_elsewhere(struct duty *duty, uint64_t epoch)
{
    struct record_glance glance;
    for (size_t i = 0; i < duty->record_count; i++) {
        record_glance(duty->records[i], &glance);
        if (!glance.holding && glance.can_read && glance.epoch != epoch)
            record_poke(duty->records[i]);
    }
}

static void on_fence(void *owner, uint64_t epoch)
{
    struct duty *duty = owner;
    struct event event = {.kind = EVENT_FENCE};
    if (agree_saw(&duty->agree, epoch, clock_now()))
        look_elsewhere(duty, epoch);
    event.fence.epoch = epoch;
    pump_event(duty->world.pump, &event);
}

static void on_fitness(void *owner, bool fit, uint32_t unfit_mask)
{
    struct duty *duty = owner;
    struct event event = {.kind = EVENT_FITNESS};
    duty->fit = fit;
    event.fitness.fit = fit;
    event.fitness.unfit_mask = unfit_mask;
    pump_event(duty->world.pump, &event);
}

void duty_demoted(struct duty *duty)
{
    pump_event(duty->world.pump, &(struct event){.kind = EVENT_DEMOTED});
}

/* ---- from the core ---- */

static void on_standing(void *owner, const struct standing_report *report)
{
    struct duty *duty = owner;
    duty->report = *report;
    for (size_t i = 0; i < duty->record_count; i++)
        record_standing(duty->records[i], report);
    tell_idle(duty);
}

static bool ask_permit(void *owner, span_ms need_ms, struct permit *ret, enum reason *ret_reason)
{
    struct duty *duty = owner;
    return pump_permit(duty->world.pump, need_ms, ret, ret_reason);
}

static bool ask_permit_holds(void *owner, const struct permit *permit)
{
    struct duty *duty = owner;
    return pump_permit_holds(duty->world.pump, permit);
}

static void tell(void *owner, const struct happening *happening)
{
    struct duty *duty = owner;
    events_tell(duty->world.events, happening);
}

/* ---- questions ---- */

bool duty_is_fit(const struct duty *duty)
{
    return duty->fit;
}

void duty_poke(struct duty *duty)
{
    for (size_t i = 0; i < duty->record_count; i++)
        record_poke(duty->records[i]);
}

size_t duty_record_count(const struct duty *duty)
{
    return duty->record_count;
}

struct record *duty_record(const struct duty *duty, size_t index)
{
    return duty->records[index];
}

void duty_tell(struct duty *duty, const struct happening *happening)
{
    events_tell(duty->world.events, happening);
}

void duty_view(const struct duty *duty, struct view *ret)
{
    pump_view(duty->world.pump, ret);
}

const char *duty_peer_name(const struct duty *duty, uint8_t peer)
{
    return peer < PEER_COUNT ? duty->world.config->peers[peer].name : "nobody";
}

json_t *duty_records(struct duty *duty)
{
    struct view view;
    json_t *list = json_array();
    mono_ms now = clock_now();
    int64_t wall_ms = clock_wall_ms();
    duty_view(duty, &view);
    agree_heard(&duty->agree, view.holder < NODE_COUNT ? duty_peer_name(duty, view.holder) : "",
                now);
    for (size_t i = 0; i < duty->record_count; i++) {
        struct record_glance glance;
        record_told_holder(duty->records[i], view.holder);
        json_t *record = record_json(duty->records[i]);
        record_glance(duty->records[i], &glance);
        agree_put(&duty->agree, &glance, now, wall_ms, record);
        (void)json_array_append_new(list, record);
    }
    return list;
}

json_t *duty_probes(const struct duty *duty)
{
    return health_json(duty->health);
}

json_t *duty_unfit_reasons(const struct duty *duty)
{
    return health_unfit_reasons(duty->health);
}

/* ---- life ---- */

static int open_records(struct duty *duty, struct err *err)
{
    const struct config *config = duty->world.config;
    struct record_world world = {.loop = duty->world.loop,
                                 .http = duty->http,
                                 .dns = &config->dns,
                                 .self = duty->world.self,
                                 .node_names = {config->peers[0].name, config->peers[1].name},
                                 .config_path = config->path,
                                 .permit = ask_permit,
                                 .permit_holds = ask_permit_holds,
                                 .fence_seen = on_fence,
                                 .tell = tell,
                                 .idle = on_idle,
                                 .owner = duty};
    for (size_t i = 0; i < config->record_count; i++) {
        int code = record_open(&duty->records[i], &config->records[i], &world, err);
        if (code != 0)
            return code;
        duty->record_count++;
    }
    return 0;
}

/* Only where something asks over it: libcurl is not small. */
static int open_http(struct duty *duty, struct err *err)
{
    const struct config *config = duty->world.config;
    for (size_t i = 0; i < config->record_count; i++)
        if (record_needs_http(&config->records[i]))
            return http_open(&duty->http, duty->world.loop, duty->world.state_dir,
                             config->dns.doh[0] != 0 ? config->dns.doh : NULL, err);
    return 0;
}

static int open_health(struct duty *duty, struct err *err)
{
    struct health_world world = {
        .loop = duty->world.loop, .fitness = on_fitness, .tell = tell, .owner = duty};
    return health_open(&duty->health, duty->world.config, duty->world.resumed_fit, &world, err);
}

/* On a loop of its own, which sees to nothing but the closing. */
int duty_check(const struct config *config, struct err *err)
{
    uv_loop_t loop;
    int code = 0;
    if (uv_loop_init(&loop) != 0)
        return err_set(err, ERR_SYSTEM, "out of memory or of file descriptors");
    for (size_t i = 0; code == 0 && i < config->record_count; i++)
        code = record_check(&config->records[i], &loop, err);
    uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
    return code;
}

int duty_open(struct duty **ret, const struct duty_world *world, struct err *err)
{
    struct duty *duty = calloc(1, sizeof *duty);
    if (duty == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    duty->world = *world;
    duty->fit = world->resumed_fit;
    int code = open_http(duty, err);
    if (code == 0)
        code = open_records(duty, err);
    if (code == 0)
        code = open_health(duty, err);
    if (code != 0) {
        duty_close(duty);
        return code;
    }
    pump_watch(world->pump, (struct pump_watcher){.on_standing = on_standing, .owner = duty});
    *ret = duty;
    return 0;
}

void duty_close(struct duty *duty)
{
    if (duty == NULL)
        return;
    for (size_t i = 0; i < duty->record_count; i++)
        record_close(duty->records[i]);
    http_close(duty->http); /* the records' requests were cancelled */
    if (duty->health != NULL)
        health_close(duty->health);
    free(duty); /* records and health call nobody once they are closed */
}
