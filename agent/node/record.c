/* record — the floating name, kept pointing at whoever holds.
 *
 * One small machine: a phase says what is wanted, one timer says when to act next, and at most
 * one request runs. Whatever happened (a read, a write, a renewal, silence), the next step is
 * the same: read what is there, ask record_plan what it means, do that. So a write whose reply
 * was lost needs no case of its own: the next read shows whether its token landed.
 *
 * Happy path: newly holding: permit, read, compare-and-set with a fresh token, read back, then
 * a check of all servers every check_every.
 * Failure modes: no permit: again in 100 ms or at the next renewal. Server silent: again with
 * backoff to 2 s. Refused: to 10 s, with the sentence. Fence higher, foreign or not understood:
 * nothing is written; looked at again now and then. Drift: repaired 3 times in 10 min, then one
 * try per 10 min. Lease ended: what runs is cancelled, and its outcome is learned by the next
 * holder's read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../proto/numbers.h"
#include "../peer/clock.h"
#include "record_inside.h"
#include "record_serve.h"
#include "resolvers.h"
#include "record_view.h"

#define READ_MS 1500
#define UNREADABLE "a command changes it: what it did is known only on the holder"
#define AFTER_HOLD_MS 1000 /* when a node that stopped holding looks who is there now */

/* ---- shared with record_hold.c ---- */

void record_inside_tell(struct record *record, const char *event, enum reason_level level,
                        json_t *fields)
{
    struct happening happening = {
        .event = event,
        .level = level,
        .epoch = record->epoch,
        .text = record->picture.detail[0] != 0 ? record->picture.detail : NULL,
        .fields = fields != NULL ? fields : json_pack("{s:s}", "record", record->config.label)};
    record->world.tell(record->world.owner, &happening);
}

void record_inside_set(struct record *record, enum record_state state, const char *detail)
{
    record_inside_trouble(record, state, TROUBLE_NONE, detail);
}

void record_inside_trouble(struct record *record, enum record_state state,
                           enum trouble_kind kind, const char *detail)
{
    if (state != RECORD_OK && record->picture.state == RECORD_OK)
        record->wrong_since = clock_now();
    record->picture.state = state;
    record->picture.fault = kind;
    if (detail != record->picture.detail)
        snprintf(record->picture.detail, sizeof record->picture.detail, "%s", detail);
}

void record_inside_alarm(struct record *record, const char *event)
{
    if (!record->alarmed)
        record_inside_tell(record, event, REASON_ALARM, NULL);
    record->alarmed = true;
}

void record_inside_back_off(struct record *record, span_ms max)
{
    span_ms wait = record->backoff_ms < BACKOFF_MS_MIN ? BACKOFF_MS_MIN : record->backoff_ms;
    record->backoff_ms = 2 * wait < max ? 2 * wait : max;
    record_inside_act_in(record, wait < max ? wait : max);
}

/* ---- standing by: look, touch nothing ---- */

/* Whose fence it is, and whether the addresses are that node's. */
static void judge_foreign_hold(struct record *record)
{
    struct record_picture *picture = &record->picture;
    char text[RECORD_DETAIL_SIZE];
    for (size_t i = 0; i < NODE_COUNT; i++) {
        if (strcmp(picture->fence.node, record->node_names[i]) != 0)
            continue;
        if (!picture->last.more &&
            record_serve_same(&picture->last.serve, &record->config.serve[i])) {
            record_inside_set(record, RECORD_OK, "");
            return;
        }
        snprintf(text, sizeof text, "the fence is of %s, but the addresses are not its own",
                 picture->fence.node);
        record_inside_trouble(record, RECORD_DRIFTED, TROUBLE_ADDRESSES, text);
        return;
    }
    snprintf(text, sizeof text, "the fence is of %s, which is not in the configuration",
             picture->fence.node);
    record_inside_trouble(record, RECORD_UNKNOWN, TROUBLE_STRANGER, text);
}

static void note_verified(struct record *record)
{
    struct record_picture *picture = &record->picture;
    picture->verified = picture->state == RECORD_OK && picture->fence.epoch != 0;
    picture->verified_wall_ms = clock_wall_ms();
    memcpy(picture->verified_token, picture->fence.token, TOKEN_SIZE);
    picture->servers = picture->last.servers;
    picture->servers_ok = picture->last.servers_ok;
}

static void watch(struct record *record, const struct trouble *why)
{
    struct record_picture *picture = &record->picture;
    const struct provider_state *last = &picture->last;
    struct numbers known = {.fence = record->known};
    char text[RECORD_DETAIL_SIZE];
    record_inside_act_in(record, record->config.check_every);
    memset(&picture->fence, 0, sizeof picture->fence);
    if (!record->operations->can_read) {
        memset(&picture->last.serve, 0, sizeof picture->last.serve);
        record_inside_set(record, RECORD_UNKNOWN, UNREADABLE);
    } else if (record_adopt_is_unadopted(record)) {
        record_show_unadopted(picture, text);
        record_inside_trouble(record, RECORD_UNADOPTED, TROUBLE_UNADOPTED, text);
    } else if (last->fence_count == 0) {
        record_inside_set(record, RECORD_UNKNOWN, "no fence is there: no holder has written yet");
    } else if (last->fence_count > 1 || !record_fence_parse(last->fence, &picture->fence) ||
               !numbers_plausible(&known, picture->fence.epoch)) {
        record_show_garbage(picture, text);
        record_inside_trouble(record, RECORD_REFUSED, record_show_kind(picture), text);
    } else {
        uint64_t epoch = picture->fence.epoch;
        record->known = epoch > record->known ? epoch : record->known;
        record->met = true;
        judge_foreign_hold(record);
        note_verified(record);
        if (picture->state == RECORD_OK)
            record_inside_trouble(record, RECORD_OK, why->kind, why->text);
        record->world.fence_seen(record->world.owner, epoch); /* may call back: last */
        return;
    }
    picture->verified = false;
}

/* ---- reading ---- */

static bool is_stale(const struct record *record)
{
    return clock_now() - record->read_at > 2 * record->config.check_every;
}

static void read_failed(struct record *record, enum provider_outcome outcome,
                        const struct trouble *why)
{
    struct record_picture *picture = &record->picture;
    bool refused = outcome == PROVIDER_REFUSED;
    bool doubt = record->phase == PHASE_CLAIM || record->phase == PHASE_WATCH || is_stale(record);
    if (doubt)
        record_inside_trouble(record, refused ? RECORD_REFUSED : RECORD_UNKNOWN, why->kind,
                              why->text);
    if (!record->reads_fail) {
        char before[RECORD_DETAIL_SIZE];
        enum trouble_kind fault = picture->fault;
        memcpy(before, picture->detail, sizeof before);
        record_inside_set(record, picture->state, why->text);
        record_inside_tell(record, "record-unreadable", REASON_WARNING, NULL);
        record_inside_trouble(record, picture->state, fault, before);
    }
    picture->reading = *why;
    record->reads_fail = true;
    (void)snprintf(record->read_detail, sizeof record->read_detail, "%.900s", why->text);
    record_view_failed(record);
    if (record->phase == PHASE_CLAIM)
        record_inside_back_off(record, refused ? REFUSED_MS_MAX : BACKOFF_MS_MAX);
    else if (record->phase == PHASE_WATCH)
        record_inside_act_in(record, record->config.check_every);
    else
        record_inside_act_in(record, BACKOFF_MS_MAX);
}

static void take_read(struct record *record, enum provider_outcome outcome,
                      const struct provider_state *state, const struct trouble *why)
{
    struct record_picture *picture = &record->picture;
    if (outcome != PROVIDER_WON) {
        read_failed(record, outcome, why);
        return;
    }
    picture->last = *state;
    picture->seen = true;
    picture->reading.kind = TROUBLE_NONE;
    picture->clock_known = state->server_s != 0;
    picture->clock_ahead_s = clock_wall_s() - state->server_s;
    record->read_at = clock_now();
    if (record->reads_fail)
        record_inside_tell(record, "record-readable", REASON_NOTICE, NULL);
    record->reads_fail = false;
    if (record->phase == PHASE_WATCH)
        watch(record, why);
    else
        record_hold_weigh(record, why);
}

static void on_read(void *owner, enum provider_outcome outcome,
                    const struct provider_state *state, const struct trouble *why)
{
    struct record *record = owner;
    record->running = RUNNING_NOTHING;
    record->reads++;
    record->picture.reads_ended = record->picture.reads_begun;
    take_read(record, outcome, state, why);
    if (record->looks && record->running == RUNNING_NOTHING)
        record_inside_act_in(record, 0); /* it was asked for while this one was on its way */
}

/* Every action begins with a look at what is there. */
static void act(struct record *record)
{
    bool everywhere = record->phase == PHASE_WATCH || record->phase == PHASE_GUARD ||
                      (record->looks && record->phase != PHASE_CLAIM);
    if (record->running != RUNNING_NOTHING)
        return;
    if (record->phase == PHASE_CLAIM &&
        (!record_hold_is_clear(record) || !record_hold_may(record)))
        return;
    record->running = RUNNING_READ;
    record->picture.reads_begun++;
    record->looks = false;
    record->wide = everywhere;
    record->operations->read(record->provider,
                             everywhere ? PROVIDER_EVERYWHERE : PROVIDER_PRIMARY, READ_MS,
                             on_read, record);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data);
}

void record_inside_act_in(struct record *record, span_ms ms)
{
    uv_timer_start(&record->timer, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

/* ---- standing ---- */

static void begin_hold(struct record *record, uint64_t epoch)
{
    record_hold_abandon(record);
    tail_stop(record->tail);
    record_view_answered(record);
    if (record->epoch == 0) { /* another number for who holds already changes nothing */
        record->clear_at = clock_now() + record->operations->late_ms;
        record->wrong_since = clock_now();
    }
    record->epoch = epoch;
    record->known = epoch > record->known ? epoch : record->known;
    if (record->tokens_epoch != epoch) /* not when a hand-over was called off */
        memset(&record->tokens, 0, sizeof record->tokens);
    record->tokens_epoch = epoch;
    record->repairing = false;
    record->alarmed = false;
    record->picture.verified = false;
    record_inside_set(record, RECORD_WRITING, "");
    record_hold_wish(record);
    act(record);
}

static void end_hold(struct record *record)
{
    record_hold_abandon(record);
    tail_stop(record->tail);
    record_view_answered(record);
    record->adoption.ordered = false; /* it was a word to the holder */
    record->epoch = 0;
    record->phase = PHASE_WATCH;
    record->picture.verified = false;
    if (record->operations->can_read)
        record_inside_set(record, RECORD_UNKNOWN, "not read since this node stopped holding");
    else
        record_inside_set(record, RECORD_UNKNOWN, UNREADABLE);
    record_inside_act_in(record, AFTER_HOLD_MS);
}

void record_standing(struct record *record, const struct standing_report *report)
{
    bool holds =
        (report->standing == STANDING_HOLDER || report->standing == STANDING_FORCED) &&
        !report->leaving && report->epoch != 0;
    if (holds && report->epoch != record->epoch)
        begin_hold(record, report->epoch);
    else if (holds && record->waits_permit)
        record_inside_act_in(record, 0);
    else if (!holds && record->epoch != 0)
        end_hold(record);
}

bool record_busy(const struct record *record)
{
    return record->running == RUNNING_WRITE;
}

void record_poke(struct record *record)
{
    bool looks = record->phase == PHASE_WATCH || record->phase == PHASE_GUARD;
    if (looks && record->operations->can_read) /* else it would run its command */
        act(record);
}

void record_glance(const struct record *record, struct record_glance *ret)
{
    const struct record_picture *picture = &record->picture;
    *ret = (struct record_glance){.node = picture->fence.node,
                                  .serve = &picture->last.serve,
                                  .epoch = picture->fence.epoch,
                                  .read_at = record->read_at,
                                  .wrong_since = record->wrong_since,
                                  .can_read = record->operations->can_read,
                                  .readable = !record->reads_fail && !is_stale(record),
                                  .holding = record->epoch != 0,
                                  .guarded = record->phase == PHASE_GUARD,
                                  .right = picture->state == RECORD_OK};
}

unsigned record_look(struct record *record)
{
    unsigned wanted = record->reads + (record->running == RUNNING_READ ? 2 : 1);
    record->looks = true;
    record_inside_act_in(record, 0);
    return wanted;
}

void record_told_holder(struct record *record, uint8_t holder)
{
    record->holder = holder;
}

const struct record_config *record_config_of(const struct record *record)
{
    return &record->config;
}

json_t *record_json(const struct record *record)
{
    json_t *json = record_show_json(&record->picture);
    (void)json_object_set_new(json, "tail", tail_json(record->tail));
    record_view_add(record, json);
    return json;
}

/* ---- life ---- */

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void record_close(struct record *record)
{
    record->operations->close(record->provider);
    tail_close(record->tail);
    uv_close((uv_handle_t *)&record->timer, on_closed);
}

#define OPERATIONS_OF(code, name, fence, needs, takes) &provider_##name,

static const struct provider_operations *operations_of(const struct record_config *config)
{
    static const struct provider_operations *const list[] = {
        PROVIDER_TABLE(OPERATIONS_OF)};
    return config->provider < PROVIDER_KIND_COUNT ? list[config->provider] : NULL;
}

static int refuse_provider(const struct record_config *config, struct err *err)
{
    return err_set(err, ERR_USAGE, "[record %s] provider = %s is not in this build", config->label,
                   config_provider_name(config->provider));
}

bool record_needs_http(const struct record_config *config)
{
    const struct provider_operations *operations = operations_of(config);
    return operations != NULL && operations->over_http;
}

int record_check(const struct record_config *config, uv_loop_t *loop, struct err *err)
{
    struct provider *provider;
    struct provider_world world = {.loop = loop};
    const struct provider_operations *operations = operations_of(config);
    if (operations == NULL)
        return refuse_provider(config, err);
    int code = operations->open(&provider, &world, config, err);
    if (code == 0)
        operations->close(provider);
    return code;
}

static struct tail *open_tail(const struct record *record)
{
    struct tail_world world = {.loop = record->world.loop,
                               .config = &record->config,
                               .dns = record->world.dns,
                               .resolv_conf = RESOLVERS_FILE,
                               .tell = record->world.tell,
                               .owner = record->world.owner};
    return tail_open(&world);
}

int record_open(struct record **ret, const struct record_config *config,
                const struct record_world *world, struct err *err)
{
    const struct provider_operations *operations = operations_of(config);
    if (operations == NULL)
        return refuse_provider(config, err);
    struct record *record = calloc(1, sizeof *record);
    if (record == NULL)
        return err_set(err, ERR_SYSTEM, "[record %s] out of memory", config->label);
    record->config = *config;
    record->world = *world;
    record->self = world->self;
    record->want = &record->config.serve[world->self];
    for (size_t i = 0; i < NODE_COUNT; i++)
        snprintf(record->node_names[i], sizeof record->node_names[i], "%s",
                 world->node_names[i]);
    record->operations = operations;
    record->picture.config = &record->config;
    record->picture.operations = record->operations;
    record->picture.config_path = world->config_path;
    record->read_at = MONO_LONG_AGO;
    record->holder = PEER_NONE;
    record->wrong_since = clock_now();
    struct provider_world around = {.loop = world->loop, .http = world->http};
    int code = record->operations->open(&record->provider, &around, config, err);
    if (code != 0) {
        free(record);
        return code;
    }
    record->tail = open_tail(record);
    if (record->tail == NULL) {
        record->operations->close(record->provider);
        free(record);
        return err_set(err, ERR_SYSTEM, "[record %s] out of memory", config->label);
    }
    uv_timer_init(world->loop, &record->timer);
    record->timer.data = record;
    record_inside_set(record, RECORD_UNKNOWN, "not read yet");
    record_inside_act_in(record, 0);
    *ret = record;
    return 0;
}
