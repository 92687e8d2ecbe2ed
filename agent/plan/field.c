/* Happy path: opened from a seed, run in slices, split where the lease gets short. Between slices
 * processes are frozen as drawn.
 *
 * Failure modes: a checker's violation ends the run; whoever runs it looks at world.check. */
#include "field.h"

#include <math.h>
#include <string.h>

#define RATE_PPM 50 /* clocks run off by at most this: what quartz does, far below `drift` */
#define Z99 2.3263478740408408 /* 99 of 100 of a normal distribution are below */
#define NEVER (INT64_MAX / 4)

/* Uniform in (0, 1]. */
static double draw_share(struct world *world)
{
    return ((double)(prng_next(&world->prng) >> 11) + 1) / 9007199254740992.0;
}

/* ---- stand-stills ---- */

static double upper_tail(double z)
{
    return erfc(z / sqrt(2)) / 2;
}

/* The z above which `share` of a normal distribution lies. */
static double upper_quantile(double share)
{
    double low = -9, high = 9;
    for (int i = 0; i < 50; i++) {
        double middle = (low + high) / 2;
        if (upper_tail(middle) > share)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Length of a stand-still that has lasted `lasted` already, in us. */
static true_us draw_stall(struct field *field, true_us lasted)
{
    const struct stalls *stalls = &field->setup.conditions.stalls;
    double middle = (double)stalls->p50_ms * 1000;
    double spread = log((double)stalls->p99_ms / (double)stalls->p50_ms) / Z99;
    double reached = 1;
    if (lasted > 0)
        reached = spread > 0 ? upper_tail(log((double)lasted / middle) / spread) : 0;
    double length = middle;
    if (spread > 0)
        length = middle * exp(spread * upper_quantile(reached * draw_share(&field->world)));
    if (length > 3600e6)
        length = 3600e6; /* an hour: for the protocol that is as good as for ever */
    return (true_us)length > lasted ? (true_us)length : lasted + 1000;
}

static void plan_stall(struct field *field, uint8_t peer)
{
    const struct stalls *stalls = &field->setup.conditions.stalls;
    field->stall_at[peer] = NEVER;
    if (stalls->p99_ms > 0)
        field->stall_at[peer] =
            field->world.now +
            (true_us)(-log(draw_share(&field->world)) * (double)stalls->every_ms * 1000) + 1;
}

static void stall(struct field *field, uint8_t peer)
{
    span_ms length = draw_stall(field, 0) / 1000;
    if (length > 0)
        world_freeze(&field->world, peer, length);
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
    world_rate(world, peer, (int32_t)world_draw(world, 0, 2 * RATE_PPM) - RATE_PPM);
}

void field_open(struct field *field, const struct setup *setup, uint64_t seed)
{
    struct world *world = &field->world;
    field->setup = *setup;
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
    struct world *world = &field->world;
    for (;;) {
        uint8_t next = 0;
        for (uint8_t peer = 1; peer < PEER_COUNT; peer++)
            if (field->stall_at[peer] < field->stall_at[next])
                next = peer;
        if (field->stall_at[next] > until)
            return world_run(world, until);
        if (!world_run(world, field->stall_at[next]))
            return false;
        stall(field, next);
    }
}

void field_split(struct field *to, const struct field *from, uint64_t seed)
{
    world_copy(&to->world, &from->world);
    to->setup = from->setup;
    world_reseed(&to->world, seed);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        const struct world_peer *p = &to->world.peers[peer];
        plan_stall(to, peer); /* without memory: drawing it anew changes no odds */
        if (p->frozen && to->setup.conditions.stalls.p99_ms > 0)
            world_thaw_at(&to->world, peer,
                          p->frozen_at + draw_stall(to, to->world.now - p->frozen_at));
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
