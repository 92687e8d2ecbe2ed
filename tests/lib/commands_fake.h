/* commands_fake — what stands in for pump, control and events below commands and operator.
 *
 * Usage: included once, by commands_test. */
#ifndef HOLDFAST_TESTS_COMMANDS_FAKE_H
#define HOLDFAST_TESTS_COMMANDS_FAKE_H

#include "agent/peer/commands.h"
#include "agent/peer/notify.h"

/* The call that control would make of a connection. */
struct control_call {
    bool may_change;
    unsigned replies;
    int code;
    char text[2048];
    json_t *result;
};

struct pump {
    struct core core;
    mono_ms now;
    unsigned ordered;
    struct event last;
    struct pump_watcher watcher;
    bool pretend; /* pump_view answers `view` instead of the core's */
    struct view view;
};

static struct pump fake;
static char told[1024];
static bool readable = true;
static const char *refused; /* a second record's sentence, or NULL */
static const char *broken; /* why a restart would fail */
static unsigned restarts, pokes;

const struct core *pump_core(const struct pump *pump)
{
    return &pump->core;
}
void pump_view(struct pump *pump, struct view *ret)
{
    view_make(&pump->core, pump->now, ret);
    if (pump->pretend)
        *ret = pump->view;
}
bool pump_permit(struct pump *pump, span_ms need_ms, struct permit *ret, enum reason *ret_reason)
{
    return core_permit(&pump->core, pump->now, need_ms, ret, ret_reason);
}
void pump_watch(struct pump *pump, struct pump_watcher watcher)
{
    pump->watcher = watcher;
}
/* The disk's word on the write that runs. */
static void disk(bool ok)
{
    struct outcome outcome;
    struct event event = {.kind = EVENT_STORED};
    event.stored.ticket = fake.core.voter.ledger.writing_ticket;
    event.stored.ok = ok;
    core_step(&fake.core, fake.now, &event, &outcome);
    fake.watcher.on_step(fake.watcher.owner, fake.now);
}
void pump_event(struct pump *pump, const struct event *event)
{
    struct outcome outcome;
    pump->ordered++;
    pump->last = *event;
    core_step(&pump->core, pump->now, event, &outcome);
}
bool control_may_change(const struct control_call *call)
{
    return call->may_change;
}
unsigned control_uid(const struct control_call *call)
{
    (void)call;
    return 7;
}
void control_reply(struct control_call *call, int code, const char *text, json_t *result)
{
    call->replies++;
    call->code = code;
    snprintf(call->text, sizeof call->text, "%s", text);
    json_decref(call->result);
    call->result = result;
}
void events_tell(struct events *events, const struct happening *happening)
{
    (void)events;
    const char *word = json_string_value(json_object_get(happening->fields, "order"));
    snprintf(told, sizeof told, "%s%s: %s", happening->event, word == NULL ? "" : word,
             happening->text);
    json_decref(happening->fields);
}
void events_read(struct events *events, const struct events_range *range,
                 void (*on_page)(void *owner, json_t *page), void *owner)
{
    (void)events;
    json_int_t next = (json_int_t)range->cursor + range->max;
    json_t *page = json_pack("{s:[], s:I, s:b}", "events", "next", next, "from_end",
                             range->from_end);
    on_page(owner, range->cursor == 13 ? (json_decref(page), NULL) : page);
}

/* happen, which renders sentences, can also notify; not here. */
void notify_tell(struct notify *notify, const char *kind, uint64_t epoch, const char *holder,
                 const char *text)
{
    (void)notify, (void)kind, (void)epoch, (void)holder, (void)text;
}

static bool restart(void *owner, char *ret_why, size_t size)
{
    snprintf(ret_why, size, "%s%s", owner == NULL ? "" : "?", broken == NULL ? "" : broken);
    restarts += broken == NULL;
    return broken == NULL;
}
static void poke(void *owner)
{
    (void)owner;
    pokes++;
}
static json_t *records(void *owner)
{
    (void)owner;
    json_t *list = json_pack("[{s:s, s:s, s:b, s:b}]", "label", "pbx", "state", "ok", "readable",
                             readable, "agrees", 1);
    if (refused != NULL)
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:b}", "label", "cf",
                                                    "state", "refused", "detail", refused,
                                                    "readable", 1, "agrees", 0));
    return list;
}

#endif
