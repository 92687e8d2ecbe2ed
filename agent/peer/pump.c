/* The pump turns what happens into steps of the core, and what the core answers into deeds.
 *
 * Happy path: a fact arrives (a datagram that intake found good, a finished write, a probe's
 * verdict, an order, the wake timer); the clock is read; the core is stepped; its actions are
 * performed in the order given: store, send, standing, wake. Watchers hear the notes and the
 * standing. A statement is signed once per step and sealed for each receiver.
 *
 * Two rules of order make it safe. The clock is read after the fact was taken from its source and
 * for each fact anew: a datagram that waited in the kernel's buffer is weighed at the time it is
 * looked at, and the core settles what has expired by then before it looks. And a watcher that
 * raises an event in the middle of a step does not step the core inside the step: its event waits
 * in a short queue.
 *
 * Failure modes: a refused datagram is counted and nothing else; a statement that cannot be sent
 * is lost and said again at the next tick; a timer that comes late (the process was stopped, or
 * the machine slept: timers count another clock) only means that the next datagram finds things
 * expired. The queue cannot fill up by what comes from outside: each watcher raises at most a few
 * events per step; one too many is dropped and logged, since fitness and fences are told again. */
#include "pump.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../proto/intake.h"
#include "clock.h"
#include "log.h"
#include "refusals.h"
#include "replace.h"

#define WATCHER_MAX 8
#define NONCE_COUNT 16
#define QUEUE_MAX 32
#define JITTER_PPT 100
#define SAID_ENOUGH 3 /* statements that say "released", in case some are lost (rule N7) */
#define PROOF_NAME "proof.json"
#define EVIDENCE_NAME "evidence.json"

struct pump {
    struct pump_world world;
    struct core core;
    struct outcome outcome;
    struct intake intake;
    struct refusals refusals;
    struct certificate certificate;
    struct socket *socket;
    struct replace *proof, *evidence;
    uint64_t proof_epoch;  /* of the certificate on disk or on its way there */
    bool evidence_written; /* or on its way there */
    uv_timer_t wake;
    struct pump_watcher watchers[WATCHER_MAX];
    size_t watcher_count;
    struct event queue[QUEUE_MAX];
    size_t queue_first, queue_count;
    bool started, stepping;
    uint64_t said_released; /* in the last statement sent, and in how many in a row */
    unsigned said_count;
    uint8_t nonces[NONCE_COUNT][SEAL_NONCE_SIZE]; /* drawn together: one call of the kernel */
    size_t nonces_left;
    size_t signed_size; /* 0 = the statement of this step is not signed yet */
    uint8_t signed_bytes[SIGNED_SIZE_MAX];
};

/* ---- actions ---- */

static void send_parcel(struct pump *pump, const struct intake_parcel *parcel)
{
    uint8_t datagram[DATAGRAM_SIZE_MAX];
    if (pump->nonces_left == 0) {
        randombytes_buf(pump->nonces, sizeof pump->nonces);
        pump->nonces_left = NONCE_COUNT;
    }
    const uint8_t *nonce = pump->nonces[--pump->nonces_left];
    size_t size = intake_seal(&pump->intake, parcel, nonce, datagram);
    socket_send(pump->socket, parcel->to, datagram, size);
}

static void note_released(struct pump *pump, uint64_t released)
{
    if (released != pump->said_released)
        pump->said_count = 0;
    pump->said_released = released;
    pump->said_count++;
}

static void do_send(struct pump *pump, uint8_t to)
{
    const struct statement *statement = &pump->outcome.statement;
    if (pump->signed_size == 0) {
        pump->signed_size = intake_sign(&pump->intake, statement, pump->signed_bytes);
        assert(pump->signed_size > 0); /* the largest statement fits: a unit test of wire */
        certificate_saw(&pump->certificate, statement, pump->signed_bytes, pump->signed_size);
        note_released(pump, statement->released);
    }
    send_parcel(pump, &(struct intake_parcel){.to = to,
                                              .author = pump->world.self,
                                              .mark = statement->mark,
                                              .bytes = pump->signed_bytes,
                                              .size = pump->signed_size});
}

static void do_relay(struct pump *pump, uint8_t to, uint8_t author)
{
    size_t size;
    const uint8_t *bytes = core_kept(&pump->core, author, &size);
    if (bytes == NULL)
        return;
    send_parcel(pump, &(struct intake_parcel){.to = to,
                                              .author = author,
                                              .mark = pump->core.relay.kept[author].mark,
                                              .bytes = bytes,
                                              .size = size});
}

static void on_wake(uv_timer_t *timer)
{
    struct pump *pump = timer->data;
    pump_event(pump, &(struct event){.kind = EVENT_WAKE});
}

/* The timer counts another clock, in whole milliseconds of its own: one more, so that it does not
 * come just before the instant. */
static void do_wake(struct pump *pump, mono_ms at)
{
    span_ms left_ms = at - clock_now();
    uv_update_time(pump->world.loop);
    uv_timer_start(&pump->wake, on_wake, left_ms > 0 ? (uint64_t)left_ms + 1 : 0, 0);
}

static void on_stored(void *owner, uint64_t ticket, bool ok)
{
    struct event event = {.kind = EVENT_STORED};
    event.stored.ticket = ticket;
    event.stored.ok = ok;
    pump_event(owner, &event);
}

static void do_standing(struct pump *pump)
{
    for (size_t i = 0; i < pump->watcher_count; i++)
        if (pump->watchers[i].on_standing != NULL)
            pump->watchers[i].on_standing(pump->watchers[i].owner, &pump->outcome.standing);
}

static void act(struct pump *pump, const struct action *action)
{
    switch (action->kind) {
    case ACTION_STORE:
        store_write(pump->world.store, &pump->outcome.stored, action->ticket, on_stored, pump);
        break;
    case ACTION_SEND:
        do_send(pump, action->to);
        break;
    case ACTION_RELAY:
        do_relay(pump, action->to, action->author);
        break;
    case ACTION_STANDING:
        do_standing(pump);
        break;
    case ACTION_WAKE:
        do_wake(pump, action->at);
        break;
    case ACTION_NEW_BOOT:
        if (pump->world.on_new_boot != NULL)
            pump->world.on_new_boot(pump->world.owner);
        break;
    }
}

/* ---- the certificate and the evidence on disk ---- */

static void on_evidence_kept(void *owner, bool ok, const char *why)
{
    (void)owner;
    if (!ok)
        log_text(REASON_ALARM, "evidence-unwritten", EVIDENCE_NAME ": %s", why);
}

static void on_proof_kept(void *owner, bool ok, const char *why)
{
    struct pump *pump = owner;
    if (!ok)
        log_text(REASON_WARNING, "proof-unwritten",
                 PROOF_NAME ": %s; 'holdfast proof show' still has it", why);
    (void)pump;
}

/* Takes over `object`. */
static void keep(struct pump *pump, struct replace *file, json_t *object,
                 replace_on_done *on_done)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text != NULL)
        (void)replace_write(file, text, on_done, pump);
    free(text);
}

/* A new takeover is written once; a write that fails is not repeated: it is history, no state. */
static void keep_proof(struct pump *pump)
{
    if (pump->certificate.epoch == pump->proof_epoch || replace_is_busy(pump->proof))
        return;
    pump->proof_epoch = pump->certificate.epoch;
    keep(pump, pump->proof, certificate_json(&pump->certificate, pump->world.config),
         on_proof_kept);
}

/* A new life starts without it, so the file has the two statements for who looks into it. */
static void keep_evidence(struct pump *pump)
{
    const struct evidence *evidence = &pump->core.evidence;
    if (!evidence->frozen || pump->evidence_written)
        return;
    pump->evidence_written = true;
    keep(pump, pump->evidence, certificate_contradiction(evidence, pump->world.config),
         on_evidence_kept);
}

/* ---- steps ---- */

static void tell_notes(struct pump *pump)
{
    const struct outcome *outcome = &pump->outcome;
    for (size_t i = 0; i < outcome->note_count; i++)
        for (size_t j = 0; j < pump->watcher_count; j++)
            if (pump->watchers[j].on_note != NULL)
                pump->watchers[j].on_note(pump->watchers[j].owner, &outcome->notes[i],
                                          pump->core.now);
    if (outcome->notes_lost > 0)
        log_text(REASON_WARNING, "notes-lost", "%zu notes of one step were too many",
                 outcome->notes_lost);
}

static void perform(struct pump *pump)
{
    pump->signed_size = 0;
    tell_notes(pump);
    for (size_t i = 0; i < pump->outcome.action_count; i++)
        act(pump, &pump->outcome.actions[i]);
    for (size_t i = 0; i < pump->watcher_count; i++)
        if (pump->watchers[i].on_step != NULL)
            pump->watchers[i].on_step(pump->watchers[i].owner, pump->core.now);
    keep_proof(pump);
    keep_evidence(pump);
}

static void enqueue(struct pump *pump, const struct event *event)
{
    if (pump->queue_count == QUEUE_MAX) {
        log_text(REASON_WARNING, "event-dropped",
                 "an event of kind %d was dropped: too many at once", (int)event->kind);
        return;
    }
    size_t last = (pump->queue_first + pump->queue_count++) % QUEUE_MAX;
    pump->queue[last] = *event;
}

static void step(struct pump *pump, struct event *event)
{
    event->wall_s = clock_wall_s();
    core_step(&pump->core, clock_now(), event, &pump->outcome);
    perform(pump);
}

static void step_queued(struct pump *pump)
{
    while (pump->queue_count > 0) {
        struct event event = pump->queue[pump->queue_first];
        pump->queue_first = (pump->queue_first + 1) % QUEUE_MAX;
        pump->queue_count--;
        step(pump, &event);
    }
}

void pump_event(struct pump *pump, const struct event *event)
{
    struct event copy = *event;
    if (!pump->started || pump->stepping) {
        assert(event->kind != EVENT_HEARD);
        enqueue(pump, event);
        return;
    }
    pump->stepping = true;
    step(pump, &copy);
    step_queued(pump);
    pump->stepping = false;
}

static void on_datagram(void *owner, const struct socket_datagram *datagram)
{
    struct pump *pump = owner;
    struct intake_result result;
    struct intake_bytes bytes = {datagram->bytes, datagram->size};
    if (!pump->started)
        return;
    mono_ms now = clock_now();
    enum intake_verdict verdict = intake_take(&pump->intake, &pump->core, bytes, now, &result);
    if (verdict != INTAKE_OK) {
        refusals_note(&pump->refusals, &pump->intake, verdict, datagram->from, now);
        return;
    }
    socket_verified(pump->socket, result.via, datagram);
    certificate_saw(&pump->certificate, &result.statement, result.bytes, result.size);
    struct event event = {.kind = EVENT_HEARD};
    event.heard.statement = &result.statement;
    event.heard.bytes = result.bytes;
    event.heard.size = result.size;
    event.heard.via = result.via;
    pump_event(pump, &event);
}

/* ---- questions ---- */

bool pump_permit(struct pump *pump, span_ms need_ms, struct permit *ret_permit,
                 enum reason *ret_reason)
{
    return core_permit(&pump->core, clock_now(), need_ms, ret_permit, ret_reason);
}

bool pump_permit_holds(struct pump *pump, const struct permit *permit)
{
    return core_permit_holds(&pump->core, clock_now(), permit);
}

void pump_view(struct pump *pump, struct view *ret)
{
    view_make(&pump->core, clock_now(), ret);
}

const struct core *pump_core(const struct pump *pump)
{
    return &pump->core;
}

bool pump_has_left(const struct pump *pump)
{
    const struct claim *claim = &pump->core.claim;
    bool said = claim->released == pump->said_released && pump->said_count >= SAID_ENOUGH;
    return claim->phase == CLAIM_NONE && (claim->released == 0 || said);
}

const struct certificate *pump_certificate(const struct pump *pump)
{
    return &pump->certificate;
}

void pump_count(const struct pump *pump, json_t *counters)
{
    struct socket_counts counts = socket_counted(pump->socket);
    (void)json_object_set_new(counters, "steps", json_integer((json_int_t)pump->core.steps));
    (void)json_object_set_new(counters, "datagrams_received",
                              json_integer((json_int_t)counts.received));
    (void)json_object_set_new(counters, "datagrams_sent", json_integer((json_int_t)counts.sent));
    (void)json_object_set_new(counters, "send_errors",
                              json_integer((json_int_t)counts.send_errors));
    (void)json_object_set_new(counters, "refused", refusals_json(&pump->intake));
}

uint16_t pump_port(const struct pump *pump)
{
    return socket_port(pump->socket);
}

int pump_configure(struct pump *pump, const struct config *config, struct err *err)
{
    return socket_configure(pump->socket, config, err);
}

void pump_watch(struct pump *pump, struct pump_watcher watcher)
{
    assert(pump->watcher_count < WATCHER_MAX);
    pump->watchers[pump->watcher_count++] = watcher;
}

/* ---- life ---- */

static uint64_t draw(void)
{
    uint64_t value;
    do
        randombytes_buf(&value, sizeof value);
    while (value == 0);
    return value;
}

static void settle_members(const struct config *config, struct core_settings *settings)
{
    for (size_t i = 0; i < PEER_COUNT; i++)
        seal_key_hash(config->peers[i].public_key, settings->members.key_hash[i]);
    settings->members_hash = seal_members_hash(&settings->members);
}

static struct core_settings settings_of(const struct pump_world *world)
{
    const struct config *config = world->config;
    struct core_settings settings = {
        .self = world->self,
        .interval_ms = config->interval_ms,
        .lease_ms = config->lease_ms,
        .drift_ppm = config->drift_ppm,
        .jitter_ppt = JITTER_PPT,
        .demote_lead_ms = config->demote_lead_ms,
        .prefer = config->prefer,
        .failback_after_ms = config->failback_after_ms,
        .min_hold_ms = config->min_hold_ms,
        .in_place = world->in_place,
        .boot = draw(),
        .prng_seed = draw(),
        .wall_s = clock_wall_s(),
        .settings_hash = config_settings_hash(config),
    };
    settle_members(config, &settings);
    snprintf(settings.version, sizeof settings.version, "%s", HOLDFAST_VERSION);
    return settings;
}

void pump_start(struct pump *pump)
{
    struct core_settings settings = settings_of(&pump->world);
    pump->started = true;
    pump->stepping = true;
    core_init(&pump->core, &settings, &pump->world.found, clock_now(),
              &pump->outcome);
    perform(pump);
    step_queued(pump);
    pump->stepping = false;
}

static int open_rest(struct pump *pump, struct err *err)
{
    const struct pump_world *world = &pump->world;
    uint8_t keys[PEER_COUNT][SEAL_PUBLIC_SIZE];
    for (size_t i = 0; i < PEER_COUNT; i++)
        memcpy(keys[i], world->config->peers[i].public_key, sizeof keys[i]);
    if (!intake_open(&pump->intake, world->self, world->secret,
                     (const uint8_t(*)[SEAL_PUBLIC_SIZE])keys, world->config->cluster))
        return err_set(err, ERR_USAGE,
                       "%s: a public-key is not usable, or memory is short", world->config->path);
    struct socket_order order = {.loop = world->loop,
                                 .config = world->config,
                                 .self = world->self,
                                 .listen = world->listen,
                                 .listen_count = world->listen_count,
                                 .listen_is_default = world->listen_is_default,
                                 .on_datagram = on_datagram,
                                 .owner = pump};
    int directory = store_directory(world->store);
    if (replace_open(&pump->proof, world->loop, directory, PROOF_NAME, err) != 0 ||
        replace_open(&pump->evidence, world->loop, directory, EVIDENCE_NAME, err) != 0 ||
        socket_open(&pump->socket, &order, err) != 0) {
        replace_close(pump->proof);
        replace_close(pump->evidence);
        intake_close(&pump->intake);
    }
    return err->code;
}

int pump_open(struct pump **ret, const struct pump_world *world, struct err *err)
{
    struct pump *pump = calloc(1, sizeof *pump);
    err->code = 0;
    if (pump == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    pump->world = *world;
    if (open_rest(pump, err) != 0) {
        free(pump);
        return err->code;
    }
    uv_timer_init(world->loop, &pump->wake);
    pump->wake.data = pump;
    *ret = pump;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void pump_close(struct pump *pump)
{
    if (pump == NULL)
        return;
    pump->started = false;
    socket_close(pump->socket);
    replace_close(pump->proof);
    replace_close(pump->evidence);
    intake_close(&pump->intake);
    uv_close((uv_handle_t *)&pump->wake, on_closed);
}
