/* Happy path: opened from a seed, run in slices, split where the lease gets short. Between slices
 * processes are frozen as drawn.
 *
 * Failure modes: a checker's violation ends the run; whoever runs it looks at world.check. */
#include "field.h"

#include <string.h>

#define RATE_PPM 50 /* clocks run off by at most this: what quartz does, far below `drift` */
#define NEVER (INT64_MAX / 4)

/* ---- stand-stills ---- */

static void plan_stall(struct field *field, uint8_t peer)
{
    struct world *world = &field->world;
    const struct stalls *stalls = &field->setup.conditions.stalls;
    field->stall_at[peer] = NEVER;
    if (stalls->p99_ms > 0)
        field->stall_at[peer] = world->now + stalls_wait(stalls, &world->prng);
}

uint8_t field_stalls_next(const struct field *field, true_us *ret_at)
{
    uint8_t next = 0;
    for (uint8_t peer = 1; peer < PEER_COUNT; peer++)
        if (field->stall_at[peer] < field->stall_at[next])
            next = peer;
    *ret_at = field->stall_at[next];
    return next;
}

void field_stall(struct field *field, uint8_t peer, true_us length)
{
    struct world *world = &field->world;
    bool drawn = length == 0;
    if (drawn)
        length = stalls_draw(&field->setup.conditions.stalls, &world->prng, 0, field->limit);
    if (!world->peers[peer].frozen)
        field->stall_limit[peer] = drawn ? field->limit : length;
    if (length >= 1000)
        world_freeze(world, peer, length / 1000);
    plan_stall(field, peer);
}

/* ---- the network ---- */

static void set_network(struct world *world, const struct conditions *conditions)
{
    struct world_net *net = &world->net;
    net->delay_min = 0;
    net->delay_max = conditions->jitter_ms;
    for (uint8_t from = 0; from < PEER_COUNT; from++)
        for (uint8_t to = 0; to < PEER_COUNT; to++) {
            net->link_loss_ppt[from][to] = conditions->loss_ppt[from][to];
            net->link_delay_us[from][to] = conditions->way_us[from][to];
        }
    world->zone.delay_min = conditions->dns_rtt_ms / 2;
    world->zone.delay_max = (conditions->dns_rtt_ms + 1) / 2 + 1 + conditions->jitter_ms;
}

static void set_peer(struct field *field, uint8_t peer)
{
    struct world *world = &field->world;
    struct world_peer *p = &world->peers[peer];
    p->settings = field->setup.core;
    p->disk.delay_min = (field->setup.conditions.disk_ms + 3) / 4;
    p->disk.delay_max = field->setup.conditions.disk_ms;
    p->disk.file = (struct stored){.present = true, .epoch = 100, .holder = PEER_NONE};
    p->disk.before = p->disk.file;
    world_rate(world, peer, (int32_t)world_draw(world, 0, 2L * RATE_PPM) - RATE_PPM);
}

void field_open(struct field *field, const struct setup *setup, uint64_t seed)
{
    struct world *world = &field->world;
    field->setup = *setup;
    field->limit = 0;
    memset(field->stall_limit, 0, sizeof field->stall_limit);
    world_init(world, seed, setup->core.interval_ms, setup->core.lease_ms);
    world->settings = setup->core;
    world->has_zone = setup->has_record;
    world->zone.no_cas = !setup->fences;
    set_network(world, &setup->conditions);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        set_peer(field, peer);
        plan_stall(field, peer);
    }
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        world_start(world, peer);
        field_run(field, world->now + world_draw(world, 0, setup->core.lease_ms) * 1000);
    }
}

bool field_run(struct field *field, true_us until)
{
    for (;;) {
        true_us at;
        uint8_t next = field_stalls_next(field, &at);
        if (at > until)
            return world_run(&field->world, until);
        if (!world_run(&field->world, at))
            return false;
        field_stall(field, next, 0);
    }
}

/* One that stands still does so for as long as is drawn anew, given how long it has already. */
static void redraw(struct field *field, uint8_t peer)
{
    struct world *world = &field->world;
    const struct world_peer *p = &world->peers[peer];
    true_us lasted = world->now - p->frozen_at, limit = field->stall_limit[peer];
    if (limit == 0 || lasted < limit)
        world_thaw_at(world, peer,
                      p->frozen_at + stalls_draw(&field->setup.conditions.stalls, &world->prng,
                                                 lasted, limit));
}

void field_split(struct field *to, const struct field *from, uint64_t seed)
{
    world_copy(&to->world, &from->world);
    to->setup = from->setup;
    to->limit = 0;
    memcpy(to->stall_limit, from->stall_limit, sizeof to->stall_limit);
    world_reseed(&to->world, seed);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        plan_stall(to, peer); /* without memory: drawing it anew changes no odds */
        if (to->world.peers[peer].frozen && to->setup.conditions.stalls.p99_ms > 0)
            redraw(to, peer);
    }
}

span_ms field_left(const struct field *field)
{
    const struct world *world = &field->world;
    uint8_t holder = world_holder(world);
    if (holder >= NODE_COUNT)
        return 0;
    span_ms left = world->check.nodes[holder].report.holds_until - world_clock(world, holder);
    return left > 0 ? left : 0;
}
