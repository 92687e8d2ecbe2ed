#include "world.h"

#include <assert.h>
#include <string.h>

#include "door.h"

#define NO_WAKE INT64_MAX
#define BUSY_MAX 20000 /* turns at one instant */
#define BATCH_US 2 /* after a thaw: what had waited in the socket buffer */

uint8_t world_role(uint8_t slot)
{
    return slot < PEER_COUNT ? slot : PEER_WITNESS;
}

span_ms world_draw(struct world *world, span_ms low, span_ms high)
{
    if (high <= low)
        return low;
    return low + (span_ms)(prng_next(&world->prng) % (uint64_t)(high - low + 1));
}

bool world_chance(struct world *world, uint32_t ppt)
{
    return ppt > 0 && prng_next(&world->prng) % 1000 < ppt;
}

void world_trace(struct world *world, uint64_t number)
{
    world->trace = (world->trace ^ number) * 0x100000001b3u;
    world->trace ^= world->trace >> 29;
}

struct world_event *world_plan(struct world *world, enum world_kind kind, uint8_t slot,
                               true_us delay)
{
    struct world_event *event = event_new(&world->queue);
    if (event == NULL) {
        check_fail(world, "queue", "too many events");
        return NULL;
    }
    event->at = world->now + delay;
    event->kind = kind;
    event->peer = slot;
    event->life = world->peers[slot].life;
    return event;
}

static void init_peer(struct world *world, uint8_t slot)
{
    struct world_peer *p = &world->peers[slot];
    p->fit = true;
    p->auto_idle = true;
    p->wake_at = NO_WAKE;
    p->thawed_at = p->guest_thawed_at = p->batch_until = -NO_WAKE / 2;
    p->settings = world->settings;
    p->base = world_draw(world, 1000, 1000000);
    p->disk.delay_min = 5;
    p->disk.delay_max = 20;
    p->disk.file.holder = p->disk.before.holder = PEER_NONE;
}

void world_init(struct world *world, uint64_t seed, span_ms interval_ms, span_ms lease_ms)
{
    memset(world, 0, offsetof(struct world, queue)); /* the queue's slots are filled anew */
    memset(&world->has_zone, 0, sizeof *world - offsetof(struct world, has_zone));
    prng_init(&world->prng, seed);
    event_queue_init(&world->queue);
    world->liar = PEER_NONE;
    zone_init(&world->zone);
    check_init(&world->check);
    world->settings = (struct core_settings){.interval_ms = interval_ms,
                                             .lease_ms = lease_ms,
                                             .drift_ppm = 10000,
                                             .jitter_ppt = 100,
                                             .demote_lead_ms =
                                                 lease_ms / 4 < 500 ? lease_ms / 4 : 500,
                                             .prefer = PEER_NONE,
                                             .failback_after_ms = 600000,
                                             .min_hold_ms = 60000,
                                             .members_hash = 7,
                                             .version = "sim"};
    world->net.delay_min = 1;
    world->net.delay_max = 20;
    for (uint8_t slot = 0; slot < SLOT_COUNT; slot++)
        init_peer(world, slot);
}

uint8_t world_holder(const struct world *world)
{
    return check_holder(world);
}

static void tell_notes(struct world *world, uint8_t slot, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->note_count; i++) {
        const struct note *note = &outcome->notes[i];
        world_trace(world, note->epoch ^ ((uint64_t)note->reason << 32) ^ slot);
        if (note->reason == REASON_LYING)
            world->check.lying_noted_at = world->now;
        if (world->on_note != NULL)
            world->on_note(world->owner, world, slot, note);
    }
}

static void store(struct world *world, uint8_t slot, const struct outcome *outcome,
                  uint64_t ticket)
{
    struct world_peer *p = &world->peers[slot];
    span_ms delay = world_draw(world, p->disk.delay_min, p->disk.delay_max);
    struct world_event *event = world_plan(world, WORLD_STORED, slot, delay * 1000);
    if (event == NULL)
        return;
    event->ticket = ticket;
    event->ok = p->disk.failing == 0;
    event->stored = outcome->stored;
    p->slow_until = event->at;
    event_plan(&world->queue, event);
}

static void relay(struct world *world, uint8_t slot, const struct action *action)
{
    size_t size;
    const uint8_t *kept = core_kept(&world->peers[slot].core, action->author, &size);
    if (world->door != NULL)
        door_relay(world->door, world, slot, action);
    else if (kept != NULL && size == sizeof(struct statement)) {
        struct statement statement;
        memcpy(&statement, kept, sizeof statement);
        net_send(world, slot, action->to, &statement);
    }
}

static void stand(struct world *world, uint8_t slot, const struct outcome *outcome)
{
    struct world_peer *p = &world->peers[slot];
    if (world->has_zone && slot < NODE_COUNT)
        writer_standing(world, slot, &outcome->standing);
    if (!outcome->standing.leaving || p->auto_idle)
        return;
    span_ms demotion = world_draw(world, 0, p->core.settings.demote_lead_ms);
    struct world_event *event = world_plan(world, WORLD_IDLE, slot, demotion * 1000);
    if (event != NULL)
        event_plan(&world->queue, event);
}

static void perform(struct world *world, uint8_t slot, const struct outcome *outcome)
{
    struct world_peer *p = &world->peers[slot];
    bool said = false;
    for (size_t i = 0; i < outcome->action_count; i++) {
        const struct action *action = &outcome->actions[i];
        switch (action->kind) {
        case ACTION_STORE:
            store(world, slot, outcome, action->ticket);
            break;
        case ACTION_SEND:
            if (!said)
                check_said(world, slot, &outcome->statement);
            if (!said && world->door != NULL)
                door_sign(world->door, slot, &outcome->statement);
            said = true;
            net_send(world, slot, action->to, &outcome->statement);
            break;
        case ACTION_RELAY:
            relay(world, slot, action);
            break;
        case ACTION_WAKE:
            p->wake_local = action->at;
            p->wake_at = world_instant(world, slot, action->at);
            break;
        case ACTION_STANDING:
            stand(world, slot, outcome);
            break;
        case ACTION_NEW_BOOT:
            world_crash(world, slot);
            world_start(world, slot);
            return;
        }
    }
}

static int64_t wall(const struct world *world, uint8_t slot)
{
    if (world->wall_stands)
        return world->peers[slot].wall_offset_s;
    return 1000 + world->now / 1000000 + world->peers[slot].wall_offset_s;
}

void world_event(struct world *world, uint8_t slot, const struct event *event)
{
    struct world_peer *p = &world->peers[slot];
    struct outcome outcome;
    struct event copy = *event;
    if (!p->up)
        return;
    mono_ms now = world_clock(world, slot);
    if (world->now <= p->batch_until && p->batch_now >= p->core.now)
        now = p->batch_now;
    copy.wall_s = wall(world, slot);
    world->steps++;
    core_step(&p->core, now < p->core.now ? p->core.now : now, &copy, &outcome);
    check_stepped(world, slot, &outcome);
    if (world->strict)
        check_state(world, slot);
    tell_notes(world, slot, &outcome);
    perform(world, slot, &outcome);
    if (outcome.standing.leaving && p->auto_idle && p->up)
        world_event(world, slot, &(struct event){.kind = EVENT_IDLE});
}

void world_start(struct world *world, uint8_t slot)
{
    struct world_peer *p = &world->peers[slot];
    struct core_settings settings = p->settings;
    struct outcome outcome;
    if (p->up)
        return;
    p->up = true;
    p->frozen = false;
    p->life++;
    p->members_running = p->members_set;
    settings.self = world_role(slot);
    settings.boot = prng_next(&world->prng) | 1;
    settings.prng_seed = prng_next(&world->prng);
    settings.wall_s = wall(world, slot);
    settings.members_hash = 7 + p->members_set;
    settings.members.key_hash[PEER_WITNESS][0] = (uint8_t)p->members_set;
    writer_init(&p->writer);
    if (world->door != NULL)
        door_started(world->door, slot);
    core_init(&p->core, &settings, &p->disk.file, world_clock(world, slot), &outcome);
    check_stepped(world, slot, &outcome);
    tell_notes(world, slot, &outcome);
    perform(world, slot, &outcome);
    if (slot >= NODE_COUNT)
        return;
    world_event(world, slot, &(struct event){.kind = EVENT_FITNESS, .fitness.fit = p->fit});
    world_event(world, slot, &(struct event){.kind = EVENT_DEMOTED});
}

void world_crash(struct world *world, uint8_t slot)
{
    struct world_peer *p = &world->peers[slot];
    if (p->clock_stopped) {
        p->clock_stopped = false;
        p->base_at = world->now;
    }
    p->up = false;
    p->frozen = false;
    p->buffered = 0;
    p->wake_at = NO_WAKE;
    p->life++;
    check_died(world, slot);
}

void world_fit(struct world *world, uint8_t slot, bool fit)
{
    world->peers[slot].fit = fit;
    if (!world->peers[slot].frozen)
        world_event(world, slot, &(struct event){.kind = EVENT_FITNESS, .fitness.fit = fit});
}

void world_freeze(struct world *world, uint8_t slot, span_ms length)
{
    struct world_peer *p = &world->peers[slot];
    if (!p->up || p->frozen)
        return;
    struct world_event *event = world_plan(world, WORLD_THAW, slot, length * 1000);
    if (event == NULL)
        return;
    if (world->monotonic_clock) {
        world_rebase(world, slot);
        p->clock_stopped = true;
    }
    p->frozen = true;
    p->frozen_at = world->now;
    p->thaw_at = event->at;
    event_plan(&world->queue, event);
}

void world_freeze_guest(struct world *world, uint8_t slot, span_ms length)
{
    struct world_peer *p = &world->peers[slot];
    if (!p->up || p->frozen)
        return;
    world_freeze(world, slot, length);
    world_rebase(world, slot);
    p->clock_stopped = true;
    check_tainted(world, slot);
}

void world_thaw(struct world *world, uint8_t slot)
{
    struct world_peer *p = &world->peers[slot];
    if (!p->frozen)
        return;
    p->frozen = false;
    p->buffered = 0;
    p->thawed_at = world->now;
    p->thawed_local = MONO_LONG_AGO;
    if (p->clock_stopped)
        p->guest_thawed_at = world->now;
    p->slept_us = p->clock_stopped ? 0 : world->now - p->frozen_at;
    if (p->clock_stopped) {
        p->clock_stopped = false;
        p->base_at = world->now;
        if (!world->monotonic_clock)
            check_tainted(world, slot);
    }
    p->thawed_local = world_clock(world, slot);
    if (world->strict && slot < NODE_COUNT)
        check_permit(world, slot);
    if (world->strict)
        check_view(world, slot);
    if (p->wake_at != NO_WAKE) /* I/O callbacks run before timers: the datagrams come first */
        p->wake_at = world_instant(world, slot, p->wake_local) + 3;
    p->batch_now = p->core.now;
    p->batch_until = world->batch_clock ? world->now + BATCH_US : world->now - 1;
    if (p->core.merit.fit != p->fit && slot < NODE_COUNT)
        world_event(world, slot, &(struct event){.kind = EVENT_FITNESS, .fitness.fit = p->fit});
}

/* A frozen process meets what waited in its socket buffer first, its timers after. */
static void defer(struct world *world, const struct world_event *event)
{
    struct world_peer *p = &world->peers[event->peer];
    if (event->kind == WORLD_DELIVER && ++p->buffered > WORLD_BUFFER_MAX)
        return;
    struct world_event *later = event_new(&world->queue);
    if (later == NULL)
        return;
    *later = *event;
    later->at = p->thaw_at + (event->kind == WORLD_DELIVER ? 1 : 2);
    if (world->door != NULL && event->kind == WORLD_DELIVER)
        door_moved(world->door, event_slot(&world->queue, event),
                   event_slot(&world->queue, later));
    event_plan(&world->queue, later);
}

static void stored(struct world *world, const struct world_event *event)
{
    struct world_peer *p = &world->peers[event->peer];
    if (event->ok) { /* the disk goes on while the process stands still */
        p->disk.before = p->disk.file;
        p->disk.file = event->stored;
    }
}

/* What the process itself sees, once it runs. */
static void meet(struct world *world, const struct world_event *event)
{
    uint8_t slot = event->peer;
    switch (event->kind) {
    case WORLD_DELIVER:
        net_deliver(world, event);
        break;
    case WORLD_STORED:
        world_event(world, slot,
                    &(struct event){.kind = EVENT_STORED,
                                    .stored = {.ticket = event->ticket, .ok = event->ok}});
        break;
    case WORLD_IDLE:
        world_event(world, slot, &(struct event){.kind = EVENT_IDLE});
        break;
    case WORLD_PROMOTE:
        check_promoted(world, slot);
        break;
    case WORLD_WRITER:
        if (event->ticket == world->peers[slot].writer.number)
            writer_act(world, slot);
        break;
    case WORLD_RESEND:
        writer_resend(world, event);
        break;
    default:
        writer_answer(world, event);
        break;
    }
}

/* What happens whether or not somebody looks. True when nothing is left to do. */
static bool happens_outside(struct world *world, const struct world_event *event)
{
    struct world_peer *p = &world->peers[event->peer];
    bool dead = p->life != event->life;
    switch (event->kind) {
    case WORLD_TAKEN:
        writer_taken(world, event);
        return true;
    case WORLD_UNDO:
        world->on_undo(world->owner, event->index);
        return true;
    case WORLD_START:
        world_start(world, event->peer);
        return true;
    case WORLD_DELIVER:
        return !p->up;
    case WORLD_STORED:
        if (!dead)
            stored(world, event);
        return dead;
    case WORLD_THAW:
        if (!dead && event->at == p->thaw_at)
            world_thaw(world, event->peer);
        return true;
    default:
        return dead;
    }
}

static void happen(struct world *world, struct world_event *event)
{
    world_trace(world, (uint64_t)event->at ^ ((uint64_t)event->kind << 56) ^ event->peer);
    if (happens_outside(world, event))
        return;
    if (world->peers[event->peer].frozen)
        defer(world, event);
    else
        meet(world, event);
}

/* The running process that wants to be stepped soonest; SLOT_COUNT when none does. */
static uint8_t next_wake(const struct world *world)
{
    uint8_t soonest = SLOT_COUNT;
    true_us at = NO_WAKE;
    for (uint8_t slot = 0; slot < SLOT_COUNT; slot++) {
        const struct world_peer *p = &world->peers[slot];
        if (p->up && !p->frozen && p->wake_at < at) {
            at = p->wake_at;
            soonest = slot;
        }
    }
    return soonest;
}

static void wake(struct world *world, uint8_t slot)
{
    struct world_peer *p = &world->peers[slot];
    if (p->wake_at > world->now)
        world->now = p->wake_at;
    p->wake_at = NO_WAKE;
    p->batch_until = world->now - 1;
    world_trace(world, (uint64_t)world->now ^ slot);
    world_event(world, slot, &(struct event){.kind = EVENT_WAKE});
}

/* Time must go on: what steps for ever at one instant would never come back. */
static void check_alive(struct world *world)
{
    if (world->now > world->busy_at) {
        world->busy_at = world->now;
        world->busy_count = 0;
    } else if (++world->busy_count > BUSY_MAX)
        check_fail(world, "livelock", "the cluster steps for ever at %lld ms",
                   (long long)(world->now / 1000));
}

bool world_run(struct world *world, true_us until)
{
    while (!check_failed(world)) {
        check_alive(world);
        const struct world_event *first = event_first(&world->queue);
        uint8_t slot = next_wake(world);
        true_us event_at = first == NULL ? NO_WAKE : first->at;
        true_us wake_at = slot == SLOT_COUNT ? NO_WAKE : world->peers[slot].wake_at;
        if (event_at > until && wake_at > until)
            break;
        if (wake_at < event_at) {
            wake(world, slot);
            continue;
        }
        struct world_event *event = event_take(&world->queue);
        if (event->at > world->now)
            world->now = event->at;
        happen(world, event);
        event_drop(&world->queue, event);
    }
    if (until > world->now)
        world->now = until;
    return !check_failed(world);
}
