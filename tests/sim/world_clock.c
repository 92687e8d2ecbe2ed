/* Clocks: what each peer reads of the true time. */
#include "world.h"

mono_ms world_clock(const struct world *world, uint8_t slot)
{
    const struct world_peer *p = &world->peers[slot];
    if (p->clock_stopped)
        return p->base;
    true_us passed = world->now - p->base_at;
    return p->base + passed * (1000000 + p->rate_ppm) / 1000000 / 1000;
}

void world_rebase(struct world *world, uint8_t slot)
{
    struct world_peer *p = &world->peers[slot];
    p->base = world_clock(world, slot);
    p->base_at = world->now;
}

true_us world_instant(const struct world *world, uint8_t slot, mono_ms at)
{
    const struct world_peer *p = &world->peers[slot];
    if (at <= world_clock(world, slot))
        return world->now;
    /* The first instant at which the clock shows `at`. */
    true_us length = (at - p->base) * 1000;
    true_us instant = p->base_at + length * 1000000 / (1000000 + p->rate_ppm) + 1;
    return instant > world->now ? instant : world->now;
}

void world_rate(struct world *world, uint8_t slot, int32_t rate_ppm)
{
    struct world_peer *p = &world->peers[slot];
    world_rebase(world, slot);
    p->rate_ppm = rate_ppm;
    if (p->wake_at != INT64_MAX)
        p->wake_at = world_instant(world, slot, p->wake_local);
}
