/* Drills about pauses: roles stay, and when it is over, it is over. */
#include "drill.h"

/* Nobody takes over meanwhile; resumed: somebody holds. */
bool drill_paused(const struct drill *drill)
{
    struct world *world = drill->world;
    drill_order(drill, PEER_WITNESS, ORDER_PAUSE, 60 * drill->lease);
    bool fine = drill_pass(drill, drill->lease);
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        world_crash(world, slot);
    fine = fine && drill_pass(drill, drill->lease / 5);
    world_start(world, PEER_WITNESS);
    world_start(world, drill->other);
    fine = fine && drill_pass(drill, 3 * drill->lease);
    if (!drill_expect(drill, fine && world_holder(world) == PEER_NONE, "pause-broken",
                      "somebody took over in a pause"))
        return false;
    drill_order(drill, drill->other, ORDER_PAUSE, 0);
    fine = drill_wait_holder(drill, drill->other, drill->lease);
    return drill_expect(drill, fine, "pause-broken", "nobody holds after the pause");
}

bool drill_paused_unfit(const struct drill *drill)
{
    drill_order(drill, drill->other, ORDER_PAUSE, 60 * drill->lease);
    bool fine = drill_pass(drill, drill->lease);
    world_fit(drill->world, drill->holder, false);
    fine = fine && drill_stays(drill, drill->holder, 3 * drill->lease);
    return drill_expect(drill, fine, "pause-broken", "something moved in a pause");
}

static uint64_t statements_said(const struct world *world)
{
    uint64_t sum = 0;
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        sum += world->peers[slot].core.echo.self.seq;
    return sum;
}

/* An order is told once and ends by each peer's own clock. */
bool drill_pause_ends(const struct drill *drill)
{
    struct world *world = drill->world;
    span_ms length = 4 * drill->lease;
    uint64_t before = statements_said(world);
    uint64_t usual = 3 * (uint64_t)(length / world->settings.interval_ms);
    drill_order(drill, (uint8_t)world_draw(world, 0, PEER_COUNT - 1), ORDER_PAUSE, length);
    if (!drill_pass(drill, length))
        return false;
    if (!drill_expect(drill, statements_said(world) - before < usual * 3 / 2 + 20, "chatter",
                      "a pause makes everybody talk"))
        return false;
    bool fine = drill_pass(drill, drill->lease / 2);
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        fine = fine && !pause_is_on(&world->peers[slot].core.pause, world_clock(world, slot));
    return drill_expect(drill, fine && world_holder(world) == drill->holder, "pause-broken",
                        "a pause did not end when it was to end");
}
