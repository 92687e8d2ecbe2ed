/* Happy path: the caller may change things, the core names no obstacle, the order is stepped and
 * told to the log with the caller's uid; the answer carries the instant for the CLI's timeline.
 * Maintenance is answered once its file is on disk, a pause once the state file has it.
 *
 * Failure modes: no right, wrong arguments, obstacles (all of them in one answer), a provider
 * that cannot be read, a node that is not the one to ask: code 4 or 2, nothing changed. A disk
 * that does not take the maintenance file: the order counts, the answer says what is missing. */
#include "operator.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "movable.h"
#include "why.h"

#define TEXT_SIZE 1024
#define PAUSE_MS_DEFAULT (2LL * 3600000)

enum { CODE_DONE = 0, CODE_NO = 1, CODE_USAGE = 2, CODE_REFUSED = 4 };

/* One order on its way: who asks, what for. */
struct order_call {
    struct operator *operator;
    struct control_call *call;
    const char *name; /* the order in one word */
    const json_t *request;
    struct view view;
};

static const char *name_of(const struct order_call *order, uint8_t peer)
{
    return peer < PEER_COUNT ? order->operator->world->config->peers[peer].name : "nobody";
}

static void refuse(struct order_call *order, int code, const char *text)
{
    control_reply(order->call, code, text, NULL);
}

static const char *text_arg(const struct order_call *order, const char *key)
{
    return json_string_value(json_object_get(order->request, key));
}

static bool flag_arg(const struct order_call *order, const char *key)
{
    return json_is_true(json_object_get(order->request, key));
}

/* Length argument; `otherwise` when absent. False when it is no length up to `max`. */
static bool span_arg(const struct order_call *order, span_ms otherwise, span_ms max, span_ms *ret)
{
    const json_t *value = json_object_get(order->request, "for_ms");
    *ret = otherwise;
    if (value == NULL || json_is_null(value))
        return true;
    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret > 0 && *ret <= max;
}

/* Joins the sentences of the obstacles, so that an operator mends all of them at once. */
static void obstacles_text(const struct order_call *order, const struct obstacle *obstacles,
                           size_t count, char ret[TEXT_SIZE])
{
    size_t used = 0;
    ret[0] = 0;
    for (size_t i = 0; i < count && i < OBSTACLE_COUNT_MAX; i++) {
        json_t *one =
            why_condition(&obstacles[i], order->operator->world->config, order->view.now);
        const char *sentence = json_string_value(json_object_get(one, "condition"));
        if (sentence != NULL && used + strlen(sentence) + 3 < TEXT_SIZE)
            used += (size_t)snprintf(ret + used, TEXT_SIZE - used, "%s%s", used == 0 ? "" : "; ",
                                     sentence);
        json_decref(one);
    }
}

static void tell(const struct order_call *order, const char *what)
{
    char text[320];
    unsigned uid = control_uid(order->call);
    snprintf(text, sizeof text, "an operator (uid %u) orders: %.250s", uid, what);
    struct happening happening = {.event = "order",
                                  .level = REASON_NOTICE,
                                  .epoch = order->view.epoch,
                                  .text = text,
                                  .fields = json_pack("{s:s, s:I}", "order", order->name,
                                                      "uid", (json_int_t)uid)};
    events_tell(order->operator->world->events, &happening);
}

/* Steps the order when nothing is in the way; otherwise answers with the reasons. */
static bool step(struct order_call *order, const struct event *event, const char *what)
{
    struct obstacle obstacles[OBSTACLE_COUNT_MAX];
    struct pump *pump = order->operator->world->pump;
    size_t count = core_order_obstacles(pump_core(pump), order->view.now, event, obstacles);
    if (count > 0) {
        char text[TEXT_SIZE];
        obstacles_text(order, obstacles, count, text);
        refuse(order, CODE_REFUSED, text);
        return false;
    }
    tell(order, what);
    pump_event(pump, event);
    return true;
}

/* The usual answer: done, and when by this machine's clock. The warnings' reference is stolen. */
static void done_with(struct order_call *order, const char *text, json_t *warnings)
{
    json_t *result = json_pack("{s:I, s:I, s:o*}", "boottime_ms", (json_int_t)order->view.now,
                               "lease_ms", (json_int_t)order->operator->world->config->lease_ms,
                               "warnings", warnings);
    control_reply(order->call, CODE_DONE, text, result);
}

static void done(struct order_call *order, const char *text)
{
    done_with(order, text, NULL);
}

static struct event order_event(enum order kind, uint8_t peer)
{
    struct event event = {.kind = EVENT_ORDER};
    event.order.order = kind;
    event.order.peer = peer;
    return event;
}

/* Index of the peer named in `key`; answers and returns false when there is none such. */
static bool peer_arg(struct order_call *order, const char *key, uint8_t *ret)
{
    const struct config *config = order->operator->world->config;
    const char *name = text_arg(order, key);
    uint8_t peer = name == NULL ? PEER_NONE : config_peer(config, name);
    if (peer < PEER_COUNT) {
        *ret = peer;
        return true;
    }
    char text[TEXT_SIZE];
    snprintf(text, sizeof text, "no peer is called '%.64s'; the peers are %s, %s and %s",
             name == NULL ? "" : name, config->peers[0].name, config->peers[1].name,
             config->peers[2].name);
    refuse(order, CODE_USAGE, text);
    return false;
}

/* A switchover asked of somebody else than the holder: says whom to ask. */
static void refuse_not_here(struct order_call *order)
{
    const struct view *view = &order->view;
    char text[TEXT_SIZE];
    const char *self = name_of(order, view->self);
    if (view->holder < PEER_COUNT && view->holder != view->self)
        snprintf(text, sizeof text,
                 "%s does not hold, %s does; run it there: holdfast switchover --to %s", self,
                 name_of(order, view->holder), name_of(order, (uint8_t)(1 - view->holder)));
    else
        snprintf(text, sizeof text,
                 "%s does not hold, and no holder is known; what is missing: holdfast why", self);
    refuse(order, CODE_REFUSED, text);
}

static void hand_over(struct order_call *order, uint8_t to, const json_t *records)
{
    char what[128];
    struct event event = order_event(ORDER_HANDOVER, to);
    event.order.anyway = flag_arg(order, "anyway");
    snprintf(what, sizeof what, "switchover to %s", name_of(order, to));
    if (!event.order.anyway && !movable_any(records))
        refuse(order, CODE_REFUSED, MOVABLE_NONE);
    else if (step(order, &event, what))
        done_with(order, what, movable_warnings(records));
}

static void switchover(struct order_call *order)
{
    const struct commands_world *world = order->operator->world;
    uint8_t to = order->view.self == 0 ? 1 : 0;
    if (text_arg(order, "to") != NULL && !peer_arg(order, "to", &to))
        return;
    if (to == PEER_WITNESS) {
        refuse(order, CODE_USAGE, "a witness never holds: name a node");
        return;
    }
    if (order->view.standing != STANDING_HOLDER && order->view.standing != STANDING_FORCED) {
        refuse_not_here(order);
        return;
    }
    json_t *records = world->records == NULL ? NULL : world->records(world->owner);
    hand_over(order, to, records);
    json_decref(records);
}

static void takeover(struct order_call *order)
{
    uint8_t peer;
    if (!peer_arg(order, "peer", &peer))
        return;
    if (order->view.self == PEER_WITNESS) {
        refuse(order, CODE_REFUSED, "a witness never holds: run it on the node that shall");
        return;
    }
    if (peer != 1 - order->view.self) {
        char text[TEXT_SIZE];
        snprintf(text, sizeof text,
                 "--peer-is-down must name the other node, %s: that is the machine that you "
                 "have checked to be off",
                 name_of(order, (uint8_t)(1 - order->view.self)));
        refuse(order, CODE_USAGE, text);
        return;
    }
    struct event event = order_event(ORDER_FORCE, peer);
    char what[128];
    snprintf(what, sizeof what, "forced takeover; says that %s is down", name_of(order, peer));
    if (step(order, &event, what))
        done(order, what);
}

static void release(struct order_call *order)
{
    struct event event = order_event(ORDER_RELEASE, PEER_NONE);
    if (step(order, &event, "release"))
        done(order, "the forced takeover is over");
}

static void recover(struct order_call *order)
{
    uint8_t peer;
    if (!peer_arg(order, "peer", &peer))
        return;
    if (peer == order->view.self) {
        refuse(order, CODE_USAGE, "--peer-is-down names this machine itself");
        return;
    }
    struct event event = order_event(ORDER_RECOVER, peer);
    char what[128];
    snprintf(what, sizeof what, "recover; says that %s is off", name_of(order, peer));
    if (step(order, &event, what))
        done(order, what);
}

static void answer_pause(struct operator *operator, const char *trouble)
{
    struct control_call *call = operator->pausing;
    char text[TEXT_SIZE];
    operator->pausing = NULL;
    snprintf(text, sizeof text, "%s%s%s", operator->pausing_text, trouble[0] == 0 ? "" : "; but ",
             trouble);
    json_t *result =
        json_pack("{s:I, s:I}", "boottime_ms", (json_int_t)clock_now(), "lease_ms",
                  (json_int_t)operator->world->config->lease_ms);
    control_reply(call, CODE_DONE, text, result);
}

/* Answered once it is on disk, or the disk has refused it: nothing here waits longer. */
static void look_at_pause(struct operator *operator)
{
    const struct ledger *ledger = &pump_core(operator->world->pump)->voter.ledger;
    if (operator->pausing == NULL)
        return;
    if (ledger_is_durable(ledger, operator->pausing_ticket))
        answer_pause(operator, "");
    else if (ledger->failing)
        answer_pause(operator, "a restart of this peer would forget it, since the state directory "
                               "cannot be written yet");
}

static void on_step(void *owner, mono_ms now)
{
    (void)now;
    look_at_pause(owner);
}

void operator_watch(struct operator *operator)
{
    pump_watch(operator->world->pump,
               (struct pump_watcher){.on_step = on_step, .owner = operator});
}

static void step_pause(struct order_call *order, const struct event *event, const char *what)
{
    struct operator *operator = order->operator;
    if (operator->pausing != NULL) {
        refuse(order, CODE_REFUSED, "the pause or resume before this one is still being written to "
                                    "the state directory; try again");
        return;
    }
    if (!step(order, event, what))
        return;
    snprintf(operator->pausing_text, sizeof operator->pausing_text, "%s", what);
    operator->pausing_ticket = pump_core(operator->world->pump)->voter.ledger.wanted_ticket;
    operator->pausing = order->call;
    look_at_pause(operator);
}

static void pause_cluster(struct order_call *order)
{
    struct event event = order_event(ORDER_PAUSE, PEER_NONE);
    if (!span_arg(order, PAUSE_MS_DEFAULT, PAUSE_MS_MAX, &event.order.span_ms)) {
        refuse(order, CODE_USAGE, "pause: expected a length from 1 ms to 7 d");
        return;
    }
    char what[128];
    snprintf(what, sizeof what, "pause for %" PRId64 " s", event.order.span_ms / 1000);
    step_pause(order, &event, what);
}

static void resume(struct order_call *order)
{
    struct event event = order_event(ORDER_PAUSE, PEER_NONE);
    step_pause(order, &event, "resumed");
}

static void on_upkeep_stored(void *owner, bool ok, const char *why)
{
    struct operator *operator = owner;
    struct control_call *call = operator->waiting;
    operator->waiting = NULL;
    if (call == NULL)
        return;
    char text[TEXT_SIZE];
    if (ok)
        snprintf(text, sizeof text, "%s", operator->waiting_text);
    else
        snprintf(text, sizeof text,
                 "%s; but a restart would forget it, since the state directory cannot be "
                 "written: %s",
                 operator->waiting_text, why);
    json_t *result = json_pack("{s:b, s:I, s:I}", "leaving", operator->waiting_leaves,
                               "boottime_ms", (json_int_t)operator->waiting_at, "lease_ms",
                               (json_int_t)operator->world->config->lease_ms);
    control_reply(call, CODE_DONE, text, result);
}

/* Cuts at a character's start: a half one is no valid JSON text. */
static void copy_reason(const char *reason, char ret[UPKEEP_REASON_SIZE])
{
    size_t length = reason == NULL ? 0 : strlen(reason);
    if (length >= UPKEEP_REASON_SIZE)
        length = UPKEEP_REASON_SIZE - 1;
    while (length > 0 && ((unsigned char)reason[length] & 0xc0) == 0x80)
        length--;
    if (length > 0)
        memcpy(ret, reason, length);
    ret[length] = 0;
}

/* Persists what was just stepped, and answers when it is on disk. */
static void keep_upkeep(struct order_call *order, const struct upkeep_order *upkeep,
                        const char *text)
{
    struct operator *operator = order->operator;
    snprintf(operator->waiting_text, sizeof operator->waiting_text, "%s", text);
    operator->waiting = order->call;
    if (upkeep_set(operator->upkeep, upkeep, on_upkeep_stored, operator))
        return;
    on_upkeep_stored(operator, false, "it is busy with the order before");
}

/* A holder that cannot hand over now goes on holding, and says so. */
static void add_holding_on(struct order_call *order, char *text, size_t size)
{
    struct view *view = &order->view;
    struct operator *operator = order->operator;
    size_t used = strlen(text);
    bool held = view->standing == STANDING_HOLDER;
    operator->waiting_at = view->now;
    pump_view(operator->world->pump, view);
    bool holds_on = view->standing == STANDING_HOLDER && !view->leaving;
    operator->waiting_leaves = held && !holds_on;
    if (!holds_on || view->maintenance_until <= view->now)
        return;
    char why[TEXT_SIZE];
    obstacles_text(order, view->survive_obstacles, view->survive_obstacle_count, why);
    snprintf(text + used, size - used,
             "; it goes on holding, since nobody could take over: %.300s; it hands over once "
             "that has changed",
             why);
}

static void maintenance(struct order_call *order)
{
    struct event event = order_event(ORDER_MAINTENANCE, PEER_NONE);
    const json_t *on = json_object_get(order->request, "on");
    if (!json_is_boolean(on) ||
        !span_arg(order, UPKEEP_MS_DEFAULT, UPKEEP_MS_MAX, &event.order.span_ms)) {
        refuse(order, CODE_USAGE, "maintenance: expected on or off, and a length up to 30 d");
        return;
    }
    if (order->operator->waiting != NULL) {
        refuse(order, CODE_REFUSED, "the maintenance order before this one is still being "
                                    "written to the state directory; try again");
        return;
    }
    event.order.anyway = flag_arg(order, "anyway");
    struct upkeep_order upkeep = {0};
    char text[640] = "maintenance is off";
    if (json_is_true(on)) {
        upkeep.until_wall_s = clock_wall_s() + (event.order.span_ms + 999) / 1000;
        copy_reason(text_arg(order, "reason"), upkeep.reason);
        char until[32];
        clock_text(upkeep.until_wall_s * 1000, until, sizeof until);
        snprintf(text, sizeof text, "maintenance until %.10s %.8s UTC: %s will not claim", until,
                 until + 11, name_of(order, order->view.self));
    } else {
        event.order.span_ms = 0;
    }
    if (!step(order, &event, text))
        return;
    add_holding_on(order, text, sizeof text);
    keep_upkeep(order, &upkeep, text);
}

/* What a restart would cost now, in words; NULL: nothing. */
static const char *restart_obstacle(const struct order_call *order)
{
    const struct silence *silence = &pump_core(order->operator->world->pump)->silence;
    bool held = silence->kind == SILENCE_RESTART && silence->stored_holder == order->view.self;
    if (order->view.standing == STANDING_FORCED)
        return "this node acts by force, and a restart would end that: nobody would act; "
               "'holdfast release' first, or leave it running";
    if (held && order->view.standing != STANDING_HOLDER)
        return "it was restarted just now and does not hold again yet: another restart could "
               "lose the lease; wait until 'holdfast status' shows the standing it had (a lease "
               "at most)";
    return NULL;
}

static void restart(struct order_call *order)
{
    const struct commands_world *world = order->operator->world;
    if (world->restart == NULL) {
        refuse(order, CODE_REFUSED, "this daemon cannot restart itself");
        return;
    }
    const char *obstacle = restart_obstacle(order);
    char text[TEXT_SIZE], why[TEXT_SIZE - 32];
    if (obstacle != NULL) {
        refuse(order, CODE_REFUSED, obstacle);
    } else if (!world->restart(world->owner, why, sizeof why)) {
        snprintf(text, sizeof text, "it would not start again: %s", why);
        refuse(order, CODE_REFUSED, text);
    } else {
        tell(order, "restart");
        done(order, "restarting"); /* it closes in a later turn of the loop */
    }
}

struct order_row {
    const char *name;
    void (*run)(struct order_call *order);
};

static const struct order_row rows[] = {
    {"switchover", switchover}, {"takeover", takeover},   {"release", release},
    {"maintenance", maintenance}, {"pause", pause_cluster}, {"resume", resume},
    {"recover", recover},       {"restart", restart},
};

bool operator_handle(struct operator *operator, struct control_call *call, const char *command,
                     const json_t *request)
{
    struct order_call order = {
        .operator = operator, .call = call, .name = command, .request = request};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(command, rows[i].name) != 0)
            continue;
        pump_view(operator->world->pump, &order.view);
        if (control_may_change(call))
            rows[i].run(&order);
        else
            refuse(&order, CODE_REFUSED, "it needs root or membership of group holdfast-admin");
        return true;
    }
    return false;
}

void operator_resume(struct operator *operator)
{
    const struct upkeep_order *upkeep = upkeep_order(operator->upkeep);
    span_ms left = (upkeep->until_wall_s - clock_wall_s()) * 1000;
    if (upkeep->until_wall_s == 0 || left <= 0)
        return;
    struct event event = order_event(ORDER_MAINTENANCE, PEER_NONE);
    event.order.span_ms = left;
    event.order.anyway = true; /* nothing is held yet */
    pump_event(operator->world->pump, &event);
}

void operator_close(struct operator *operator)
{
    on_upkeep_stored(operator, false, "the daemon is just stopping");
    if (operator->pausing != NULL)
        answer_pause(operator, "it is not on disk here yet, and the daemon is just stopping");
    upkeep_close(operator->upkeep);
}
