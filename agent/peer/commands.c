/* Happy path: a call comes from control on the loop; the view is made for this instant, turned
 * into JSON and handed back in the same turn. Pages of events come from the disk, so that call
 * is answered when the page is there.
 *
 * Failure modes: an unknown command, wrong arguments: code 2 with what was expected; no page: 1.
 * Every call is answered exactly once. A client that is gone costs nothing. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "operator.h"
#include "status.h"
#include "why.h"

#define EVENTS_MAX 500

struct commands {
    struct commands_world world;
    struct operator operator;
};

static json_t *ask(const struct commands *commands, json_t *(*hook)(void *owner))
{
    return hook == NULL ? NULL : hook(commands->world.owner);
}

/* Fills `extra` with new references, released by `forget`. */
static void gather(const struct commands *commands, const struct view *view,
                   struct status_extra *extra)
{
    const struct core_settings *settings = &pump_core(commands->world.pump)->settings;
    *extra = (struct status_extra){
        .records = ask(commands, commands->world.records),
        .probes = ask(commands, commands->world.probes),
        .unfit_reasons = ask(commands, commands->world.unfit_reasons),
        .counters = ask(commands, commands->world.counters),
        .settings_hash = settings->settings_hash,
        .members_hash = settings->members_hash,
        .boot = settings->boot,
        .wall_ms = clock_wall_ms(),
        .state_trouble = commands->world.state_trouble,
        .maintenance_reason = upkeep_order(commands->operator.upkeep)->reason,
    };
    if (view->standing == STANDING_HOLDER || view->standing == STANDING_FORCED) {
        struct permit permit;
        extra->permit_asked = true;
        extra->permitted = pump_permit(commands->world.pump, PERMIT_LEFT_MS_MIN, &permit,
                                       &extra->permit_reason);
    }
}

static void forget(struct status_extra *extra)
{
    /* The struct shows them as const, since status only borrows; these are ours. */
    const json_t *lists[] = {extra->records, extra->probes, extra->unfit_reasons,
                             extra->counters};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        json_decref((json_t *)(uintptr_t)lists[i]);
}

typedef json_t *make_json(const struct view *, const struct config *, const struct status_extra *);

static void answer_view(struct commands *commands, struct control_call *call, make_json *make)
{
    struct view view;
    struct status_extra extra;
    pump_view(commands->world.pump, &view);
    gather(commands, &view, &extra);
    json_t *result = make(&view, commands->world.config, &extra);
    forget(&extra);
    control_reply(call, 0, "", result);
}

/* {"poke": true} has the records read anew; only for who may change, since it costs queries. */
static void answer_status(struct commands *commands, struct control_call *call,
                          const json_t *request)
{
    const struct commands_world *world = &commands->world;
    bool wanted = json_is_true(json_object_get(request, "poke"));
    if (wanted && world->poke != NULL && control_may_change(call))
        world->poke(world->owner);
    answer_view(commands, call, status_json);
}

static const char *name_of(const struct commands *commands, uint8_t peer)
{
    return peer < PEER_COUNT ? commands->world.config->peers[peer].name : "nobody";
}

static void answer_is_active(struct commands *commands, struct control_call *call)
{
    struct view view;
    char text[160];
    pump_view(commands->world.pump, &view);
    bool forced = view.standing == STANDING_FORCED;
    bool holds = view.standing == STANDING_HOLDER && view.holds_until > view.now;
    bool active = (holds || forced) && !view.leaving;
    snprintf(text, sizeof text, "%s %s", name_of(commands, view.self),
             active ? "holds" : view.leaving ? "is just giving up" : "does not hold");
    control_reply(call, active ? 0 : 1, text, NULL);
}

static void answer_ready(struct commands *commands, struct control_call *call)
{
    struct view view;
    char text[1024];
    pump_view(commands->world.pump, &view);
    if (view.crash_survivable) {
        snprintf(text, sizeof text, "ready: %s holds, and its crash would be survived now",
                 name_of(commands, view.holder));
        control_reply(call, 0, text, NULL);
        return;
    }
    size_t used = (size_t)snprintf(text, sizeof text, "not ready");
    if (view.holder < PEER_COUNT)
        used = (size_t)snprintf(text, sizeof text,
                                "not ready: a crash of %s would not be survived now",
                                name_of(commands, view.holder));
    const char *joint = ": ";
    json_t *list = json_array();
    for (size_t i = 0; i < view.survive_obstacle_count && i < OBSTACLE_COUNT_MAX; i++) {
        json_t *one =
            why_condition(&view.survive_obstacles[i], commands->world.config, view.now);
        const char *sentence = json_string_value(json_object_get(one, "condition"));
        if (sentence != NULL && used + strlen(sentence) + 3 < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", joint, sentence);
        joint = "; ";
        (void)json_array_append_new(list, one);
    }
    control_reply(call, 1, text, list);
}

static void on_page(void *owner, json_t *page)
{
    struct control_call *call = owner;
    if (page == NULL)
        control_reply(call, 1, "the events cannot be read now: too many readers, or the disk",
                      NULL);
    else
        control_reply(call, 0, "", page);
}

static void answer_events(struct commands *commands, struct control_call *call,
                          const json_t *request)
{
    const json_t *cursor = json_object_get(request, "cursor");
    const json_t *max = json_object_get(request, "max");
    bool from_end = json_is_true(json_object_get(request, "from_end"));
    json_int_t cursor_value = json_integer_value(cursor), max_value = EVENTS_MAX;
    if (json_is_integer(max))
        max_value = json_integer_value(max);
    if (cursor_value < 0 || max_value < 1 || max_value > EVENTS_MAX) {
        control_reply(call, 2, "events: expected cursor >= 0 and max from 1 to 500", NULL);
        return;
    }
    struct events_range range = {(uint64_t)cursor_value, (unsigned)max_value, from_end};
    events_read(commands->world.events, &range, on_page, call);
}

static void answer_proof(struct commands *commands, struct control_call *call)
{
    const struct commands_world *world = &commands->world;
    json_t *object =
        world->certificate == NULL ? NULL : certificate_json(world->certificate, world->config);
    if (object == NULL)
        control_reply(call, 1, "no holder was made since this daemon started: nothing to prove",
                      NULL);
    else
        control_reply(call, 0, "", object);
}

static void answer_version(struct commands *commands, struct control_call *call)
{
    uint8_t self = pump_core(commands->world.pump)->settings.self;
    control_reply(call, 0, HOLDFAST_VERSION,
                  json_pack("{s:s, s:s}", "version", HOLDFAST_VERSION, "self",
                            name_of(commands, self)));
}

static bool is_programs_own(struct commands *commands, struct control_call *call,
                            const char *command, const json_t *request)
{
    const struct commands_world *world = &commands->world;
    return world->handle != NULL && world->handle(world->owner, call, command, request);
}

void commands_handle(void *owner, struct control_call *call, const char *command,
                     const json_t *request)
{
    struct commands *commands = owner;
    if (strcmp(command, "status") == 0)
        answer_status(commands, call, request);
    else if (strcmp(command, "why") == 0)
        answer_view(commands, call, why_json);
    else if (strcmp(command, "is-active") == 0)
        answer_is_active(commands, call);
    else if (strcmp(command, "ready") == 0)
        answer_ready(commands, call);
    else if (strcmp(command, "events") == 0)
        answer_events(commands, call, request);
    else if (strcmp(command, "proof") == 0)
        answer_proof(commands, call);
    else if (strcmp(command, "version") == 0)
        answer_version(commands, call);
    else if (!operator_handle(&commands->operator, call, command, request) &&
             !is_programs_own(commands, call, command, request))
        control_reply(call, 2, "unknown command: this daemon is of another version; see "
                               "'holdfast version'",
                      NULL);
}

int commands_open(struct commands **ret, const struct commands_world *world, struct err *err)
{
    struct err warning;
    struct commands *commands = calloc(1, sizeof *commands);
    if (commands == NULL)
        return err_set(err, ERR_SYSTEM, "control: out of memory");
    commands->world = *world;
    commands->operator.world = &commands->world;
    if (upkeep_open(&commands->operator.upkeep, world->loop, world->state_dir, &warning, err) !=
        0) {
        free(commands);
        return err_wrap(err, "control");
    }
    if (warning.code != 0) {
        struct happening happening = {
            .event = "maintenance-lost", .level = REASON_WARNING, .text = warning.text};
        events_tell(world->events, &happening);
    }
    operator_watch(&commands->operator);
    *ret = commands;
    return 0;
}

void commands_resume(struct commands *commands)
{
    operator_resume(&commands->operator);
}

void commands_close(struct commands *commands)
{
    if (commands == NULL)
        return;
    operator_close(&commands->operator);
    free(commands);
}
