#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void put_event(struct world *world, const struct world_event *event);

span_ms world_draw(struct world *world, span_ms low, span_ms high)
{
    if (high <= low)
        return low;
    return low + (span_ms)(prng_next(&world->prng) % (uint64_t)(high - low + 1));
}

static bool chance(struct world *world, uint32_t ppt)
{
    return ppt > 0 && prng_next(&world->prng) % 1000 < ppt;
}

void world_init(struct world *world, uint64_t seed, span_ms interval_ms, span_ms lease_ms)
{
    memset(world, 0, sizeof *world);
    prng_init(&world->prng, seed);
    world->settings = (struct core_settings){.interval_ms = interval_ms,
                                             .lease_ms = lease_ms,
                                             .drift_ppm = 10000,
                                             .jitter_ppt = 100,
                                             .demote_lead_ms = lease_ms / 10,
                                             .prefer = PEER_NONE,
                                             .failback_after_ms = 600000,
                                             .min_hold_ms = 60000,
                                             .members_hash = 7,
                                             .version = "story"};
    world->net.delay_min = 1;
    world->net.delay_max = 20;
    world->last_holder = PEER_NONE;
    for (size_t i = 0; i < WORLD_EVENT_MAX; i++)
        world->free_list[i] = (uint16_t)i;
    world->free_count = WORLD_EVENT_MAX;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        world->peers[peer].fit = true;
        world->peers[peer].auto_idle = true;
        world->peers[peer].base = world_draw(world, 1000, 1000000);
        world->peers[peer].disk.delay_min = 5;
        world->peers[peer].disk.delay_max = 20;
        world->peers[peer].disk.file.holder = PEER_NONE;
    }
}

mono_ms world_clock(const struct world *world, uint8_t peer)
{
    const struct world_peer *p = &world->peers[peer];
    true_us passed = world->now - p->base_at;
    return p->base + passed * (1000000 + p->rate_ppm) / 1000000 / 1000;
}

void world_rate(struct world *world, uint8_t peer, int32_t rate_ppm)
{
    struct world_peer *p = &world->peers[peer];
    p->base = world_clock(world, peer);
    p->base_at = world->now;
    p->rate_ppm = rate_ppm;
}

static true_us true_time_of(const struct world *world, uint8_t peer, mono_ms at)
{
    const struct world_peer *p = &world->peers[peer];
    span_ms wait = at - world_clock(world, peer);
    if (wait <= 0)
        return world->now;
    true_us length = wait * 1000;
    return world->now + length * 1000000 / (1000000 + p->rate_ppm);
}

static void lose_violation(struct world *world, const char *what, uint8_t peer, uint64_t epoch)
{
    if (world->violation[0] != '\0')
        return;
    snprintf(world->violation, sizeof world->violation, "%s: peer %u epoch %llu at %lld ms",
             what, peer, (unsigned long long)epoch, (long long)(world->now / 1000));
}

uint8_t world_holder(const struct world *world)
{
    uint8_t holder = PEER_NONE;
    for (uint8_t node = 0; node < NODE_COUNT; node++) {
        const struct world_peer *p = &world->peers[node];
        if (!p->up || !claim_holds(&p->core.claim, world_clock(world, node)))
            continue;
        holder = holder == PEER_NONE ? node : 254;
    }
    return holder;
}

static void check_notes(struct world *world, uint8_t peer, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->note_count; i++) {
        const struct note *note = &outcome->notes[i];
        if (world->on_note != NULL)
            world->on_note(world->owner, world, peer, note);
        if (note->reason != REASON_HOLDS)
            continue;
        if (note->epoch <= world->last_epoch)
            lose_violation(world, "epoch not above an earlier one", peer, note->epoch);
        world->last_epoch = note->epoch;
        world->acquisitions++;
        world->moves += world->last_holder != PEER_NONE && world->last_holder != peer;
        world->last_holder = peer;
    }
}

static void deliver_later(struct world *world, uint8_t from, uint8_t to,
                          const struct statement *statement)
{
    struct world_net *net = &world->net;
    int copies = chance(world, net->double_ppt) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
        if (net->cut[from][to] || chance(world, net->loss_ppt))
            continue;
        span_ms delay = world_draw(world, net->delay_min * 1000, net->delay_max * 1000);
        if (chance(world, net->late_ppt))
            delay += world_draw(world, 0, net->late_max * 1000);
        struct world_event event = {.at = world->now + delay,
                                    .kind = WORLD_DELIVER,
                                    .peer = to,
                                    .statement = *statement,
                                    .via = from};
        put_event(world, &event);
    }
}

static void store(struct world *world, uint8_t peer, const struct outcome *outcome,
                  uint64_t ticket)
{
    struct world_peer *p = &world->peers[peer];
    span_ms delay = world_draw(world, p->disk.delay_min, p->disk.delay_max);
    struct world_event event = {.at = world->now + delay * 1000,
                                .kind = WORLD_STORED,
                                .peer = peer,
                                .life = p->life,
                                .ticket = ticket,
                                .ok = !p->disk.failing,
                                .stored = outcome->stored};
    put_event(world, &event);
}

static void perform(struct world *world, uint8_t peer, const struct outcome *outcome)
{
    struct world_peer *p = &world->peers[peer];
    for (size_t i = 0; i < outcome->action_count; i++) {
        const struct action *action = &outcome->actions[i];
        struct statement relayed;
        struct world_event wake = {.kind = WORLD_WAKE, .peer = peer, .life = p->life};
        size_t size;
        switch (action->kind) {
        case ACTION_STORE:
            store(world, peer, outcome, action->ticket);
            break;
        case ACTION_SEND:
            deliver_later(world, peer, action->to, &outcome->statement);
            break;
        case ACTION_RELAY:
            memcpy(&relayed, core_kept(&p->core, action->author, &size), sizeof relayed);
            deliver_later(world, peer, action->to, &relayed);
            break;
        case ACTION_WAKE:
            wake.wake_at = action->at;
            wake.ticket = ++p->wakes;
            wake.at = true_time_of(world, peer, action->at) + 1;
            put_event(world, &wake);
            break;
        case ACTION_STANDING:
        case ACTION_NEW_BOOT:
            break;
        }
    }
}

static int64_t wall(const struct world *world, uint8_t peer)
{
    return 1000 + world->now / 1000000 + world->peers[peer].wall_offset_s;
}

void world_event(struct world *world, uint8_t peer, const struct event *event)
{
    struct world_peer *p = &world->peers[peer];
    struct outcome outcome;
    struct event copy = *event;
    if (!p->up)
        return;
    copy.wall_s = wall(world, peer);
    world->steps++;
    core_step(&p->core, world_clock(world, peer), &copy, &outcome);
    check_notes(world, peer, &outcome);
    perform(world, peer, &outcome);
    if (outcome.standing.leaving && p->auto_idle)
        world_event(world, peer, &(struct event){.kind = EVENT_IDLE});
}

void world_start(struct world *world, uint8_t peer)
{
    struct world_peer *p = &world->peers[peer];
    struct core_settings settings = world->settings;
    struct outcome outcome;
    if (p->up)
        return;
    p->up = true;
    p->frozen = false;
    p->life++;
    settings.self = peer;
    settings.boot = prng_next(&world->prng) | 1;
    settings.prng_seed = prng_next(&world->prng);
    settings.wall_s = wall(world, peer);
    core_init(&p->core, &settings, &p->disk.file, world_clock(world, peer), &outcome);
    check_notes(world, peer, &outcome);
    perform(world, peer, &outcome);
    if (peer != PEER_WITNESS)
        world_event(world, peer, &(struct event){.kind = EVENT_FITNESS, .fitness.fit = p->fit});
}

void world_crash(struct world *world, uint8_t peer)
{
    world->peers[peer].up = false;
    world->peers[peer].frozen = false;
    world->peers[peer].life++;
}

void world_fit(struct world *world, uint8_t peer, bool fit)
{
    world->peers[peer].fit = fit;
    if (!world->peers[peer].frozen)
        world_event(world, peer, &(struct event){.kind = EVENT_FITNESS, .fitness.fit = fit});
}

void world_freeze(struct world *world, uint8_t peer, span_ms length)
{
    struct world_peer *p = &world->peers[peer];
    if (!p->up || p->frozen)
        return;
    p->frozen = true;
    put_event(world, &(struct world_event){.at = world->now + length * 1000,
                                           .kind = WORLD_THAW,
                                           .peer = peer,
                                           .life = p->life});
}

void world_heal(struct world *world)
{
    memset(world->net.cut, 0, sizeof world->net.cut);
    world->net.loss_ppt = world->net.double_ppt = world->net.late_ppt = 0;
    world->net.delay_max = 20;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        world->peers[peer].disk.failing = false;
        world->peers[peer].disk.delay_max = 20;
        world_fit(world, peer, true);
    }
}

static bool before(const struct world *world, uint16_t a, uint16_t b)
{
    const struct world_event *x = &world->events[a], *y = &world->events[b];
    return x->at < y->at || (x->at == y->at && x->serial < y->serial);
}

static void put_event(struct world *world, const struct world_event *event)
{
    if (world->free_count == 0) { /* as a full socket buffer would */
        if (event->kind != WORLD_DELIVER)
            lose_violation(world, "too many events", event->peer, 0);
        return;
    }
    uint16_t slot = world->free_list[--world->free_count];
    world->events[slot] = *event;
    world->events[slot].serial = ++world->serial;
    size_t at = world->heap_size++;
    while (at > 0 && before(world, slot, world->heap[(at - 1) / 2])) {
        world->heap[at] = world->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->heap[at] = slot;
}

static uint16_t pop_event(struct world *world)
{
    uint16_t top = world->heap[0];
    uint16_t last = world->heap[--world->heap_size];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= world->heap_size)
            break;
        if (child + 1 < world->heap_size &&
            before(world, world->heap[child + 1], world->heap[child]))
            child++;
        if (!before(world, world->heap[child], last))
            break;
        world->heap[at] = world->heap[child];
        at = child;
    }
    world->heap[at] = last;
    world->free_list[world->free_count++] = top;
    return top;
}

/* A frozen process meets what waited in its socket buffer first, its timers after. */
static void defer(struct world *world, const struct world_event *event)
{
    struct world_event later = *event;
    true_us thaw = world->now;
    for (size_t i = 0; i < world->heap_size; i++) {
        const struct world_event *other = &world->events[world->heap[i]];
        if (other->kind == WORLD_THAW && other->peer == event->peer && other->at > thaw)
            thaw = other->at;
    }
    later.at = thaw + (event->kind == WORLD_DELIVER ? 1 : 2);
    put_event(world, &later);
}

static void deliver(struct world *world, const struct world_event *event)
{
    struct event heard = {.kind = EVENT_HEARD,
                          .heard = {.statement = &event->statement,
                                    .bytes = (const uint8_t *)&event->statement,
                                    .size = sizeof event->statement,
                                    .via = event->via}};
    world_event(world, event->peer, &heard);
}

static void happen(struct world *world, const struct world_event *event)
{
    struct world_peer *p = &world->peers[event->peer];
    if (event->kind == WORLD_DELIVER && !p->up)
        return;
    if (event->kind == WORLD_STORED && event->ok && p->life == event->life) {
        p->disk.before = p->disk.file; /* the disk goes on while the process stands still */
        p->disk.file = event->stored;
    }
    if (event->kind != WORLD_DELIVER && p->life != event->life)
        return;
    if (event->kind == WORLD_THAW) {
        p->frozen = false;
        world_event(world, event->peer,
                    &(struct event){.kind = EVENT_FITNESS, .fitness.fit = p->fit});
        return;
    }
    if (event->kind == WORLD_WAKE && event->ticket != p->wakes)
        return;
    if (p->frozen) {
        defer(world, event);
        return;
    }
    if (event->kind == WORLD_DELIVER)
        deliver(world, event);
    else if (event->kind == WORLD_STORED)
        world_event(world, event->peer,
                    &(struct event){.kind = EVENT_STORED,
                                    .stored = {.ticket = event->ticket, .ok = event->ok}});
    else if (event->wake_at <= world_clock(world, event->peer))
        world_event(world, event->peer, &(struct event){.kind = EVENT_WAKE});
    else {
        struct world_event again = *event;
        again.at = true_time_of(world, event->peer, event->wake_at) + 1000;
        put_event(world, &again);
    }
}

bool world_run(struct world *world, true_us until)
{
    while (world->heap_size > 0 && world->events[world->heap[0]].at <= until) {
        struct world_event event = world->events[pop_event(world)];
        if (event.at > world->now)
            world->now = event.at;
        happen(world, &event);
        if (world_holder(world) == 254)
            lose_violation(world, "two holders", 254, world->last_epoch);
        if (world->violation[0] != '\0')
            return false;
    }
    if (until > world->now)
        world->now = until;
    return true;
}
