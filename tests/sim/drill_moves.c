/* Drills about moves: who holds next, and when; and what must not move. */
#include "drill.h"

bool drill_deaf(const struct drill *drill)
{
    drill_cut_in(drill, drill->holder, 1);
    bool fine = drill_wait_holder(drill, drill->other, drill->lease * 17 / 10);
    return drill_expect(drill, fine, "takeover-late",
                        "the holder is deaf, the other took too long");
}

/* A node that stood still often lets a quarter of its lease pass first: hence half a lease more. */
bool drill_isolated(const struct drill *drill)
{
    if (!drill_pass_share(drill, 0, 200))
        return false;
    drill_isolate(drill, drill->holder, 1);
    bool fine = drill_wait_holder(drill, drill->other, drill->lease * 3 / 2 + 300);
    return drill_expect(drill, fine, "takeover-late",
                        "the holder is cut off, the other took too long");
}

bool drill_crashed(const struct drill *drill)
{
    world_crash(drill->world, drill->holder);
    bool fine = drill_wait_holder(drill, drill->other, drill->lease * 3 / 2 + 300);
    return drill_expect(drill, fine, "takeover-late",
                        "the holder crashed, the other took too long");
}

bool drill_switched(const struct drill *drill)
{
    span_ms lead = drill->world->peers[drill->holder].core.settings.demote_lead_ms;
    drill_order(drill, drill->holder, ORDER_HANDOVER, 0);
    bool fine = drill_wait_holder(drill, drill->other, drill->lease * 4 / 10 + lead);
    if (!drill_expect(drill, fine, "handover-late", "a switchover took too long"))
        return false;
    fine = drill_stays(drill, drill->other, 4 * drill->lease);
    return drill_expect(drill, fine, "handover-late", "a switchover did not last");
}

/* The relays carry it: nothing moves by itself, and what is ordered does. */
bool drill_link_cut(const struct drill *drill)
{
    drill_cut(drill, 0, 1, 1);
    drill_cut(drill, 1, 0, 1);
    bool fine = drill_stays(drill, drill->holder, 3 * drill->lease);
    return drill_expect(drill, fine, "link-cut", "the nodes' link was cut, and something moved") &&
           drill_switched(drill);
}

/* One voter away and back; then the other one dies. */
bool drill_standby_back(const struct drill *drill)
{
    drill_isolate(drill, drill->other, 1);
    bool fine = drill_pass(drill, 7 * drill->lease / 2);
    drill_mend(drill);
    fine = fine && drill_pass(drill, 2 * drill->lease);
    world_crash(drill->world, PEER_WITNESS);
    fine = fine && drill_stays(drill, drill->holder, 3 * drill->lease);
    return drill_expect(drill, fine, "standby-lost",
                        "a standby that was away does not back the holder");
}

/* Without the witness, both nodes anew. */
bool drill_two_left(const struct drill *drill)
{
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        world_crash(drill->world, slot);
    bool fine = drill_pass(drill, drill->lease / 5);
    world_start(drill->world, 0);
    world_start(drill->world, 1);
    fine = fine && drill_wait_any(drill, 3 * drill->lease);
    return drill_expect(drill, fine, "liveness", "two nodes alone elect nobody");
}

bool drill_quick_restart(const struct drill *drill)
{
    const struct check_sums *sums = &drill->world->check.sums;
    uint64_t elections = sums->elections;
    world_crash(drill->world, drill->holder);
    bool fine = drill_pass(drill, drill->lease / 10);
    world_start(drill->world, drill->holder);
    fine = fine && drill_wait_holder(drill, drill->holder, drill->lease * 6 / 10) &&
           drill_stays(drill, drill->holder, 3 * drill->lease) &&
           sums->elections == elections + 1;
    return drill_expect(drill, fine, "restart-moved",
                        "a quick restart of the holder moved something");
}

/* It asked, and does not hear the answers before it goes on; half of the time nobody can reach it.
 * What comes of it is the checkers' affair: buffered answers, permits, the end of the lease. */
bool drill_stopped(const struct drill *drill)
{
    bool apart = world_chance(drill->world, 500);
    span_ms length = drill->lease * world_draw(drill->world, 200, 2500) / 1000;
    if (!drill_pass_share(drill, 0, 200))
        return false;
    world_freeze(drill->world, drill->holder, length);
    if (apart && drill_pass_share(drill, 0, 100))
        drill_isolate(drill, drill->holder, 1);
    return drill_pass(drill, length) && drill_pass_share(drill, 500, 1500);
}

/* Not before min-hold is over: that is the checker "flaps". */
bool drill_unfit(const struct drill *drill)
{
    if (!drill_switched(drill))
        return false;
    span_ms min_hold = drill->world->peers[drill->other].core.settings.min_hold_ms;
    world_fit(drill->world, drill->other, false);
    span_ms limit = min_hold == 0 ? 3 * drill->lease : drill->lease;
    bool fine = drill_wait_holder(drill, drill->holder, limit);
    return min_hold != 0 || drill_expect(drill, fine, "handover-late",
                                         "an unfit holder does not hand over");
}

bool drill_both_unfit(const struct drill *drill)
{
    world_fit(drill->world, drill->other, false);
    bool fine = drill_pass(drill, drill->lease / 2);
    world_fit(drill->world, drill->holder, false);
    fine = fine && drill_stays(drill, drill->holder, 3 * drill->lease);
    return drill_expect(drill, fine, "unfit-won", "both nodes are unfit, and something moved");
}

enum damage {
    DAMAGE_NONE,
    DAMAGE_WITNESS_DEAD,
    DAMAGE_WITNESS_AWAY,
    DAMAGE_WITNESS_DISK,
    DAMAGE_STANDBY_UNFIT,
    DAMAGE_STANDBY_OUT,
    DAMAGE_STANDBY_DISK,
    DAMAGE_PAUSED,
    DAMAGE_COUNT,
};

static void damage(const struct drill *drill, enum damage what)
{
    struct world *world = drill->world;
    switch (what) {
    case DAMAGE_NONE:
        break;
    case DAMAGE_WITNESS_DEAD:
        world_crash(world, PEER_WITNESS);
        break;
    case DAMAGE_WITNESS_AWAY:
        drill_isolate(drill, PEER_WITNESS, 1);
        break;
    case DAMAGE_WITNESS_DISK:
        world->peers[PEER_WITNESS].disk.failing++;
        break;
    case DAMAGE_STANDBY_UNFIT:
        world_fit(world, drill->other, false);
        break;
    case DAMAGE_STANDBY_OUT:
        drill_order(drill, drill->other, ORDER_MAINTENANCE, 60 * drill->lease);
        break;
    case DAMAGE_STANDBY_DISK:
        world->peers[drill->other].disk.failing++;
        break;
    default:
        drill_order(drill, drill->other, ORDER_PAUSE, 60 * drill->lease);
        break;
    }
}

/* Whoever says that a crash of the holder would be survived had better be right. (A disk that fails
 * shows when something is written, so there a promise first moves.) */
bool drill_believed(const struct drill *drill)
{
    struct world *world = drill->world;
    bool said = false;
    damage(drill, (enum damage)world_draw(world, 0, DAMAGE_COUNT - 1));
    drill_fence(drill, 2);
    if (!drill_pass(drill, 3 * drill->lease) || world_holder(world) != drill->holder)
        return !check_failed(world);
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        said = said || check_says_survivable(world, slot, drill->holder);
    if (!said)
        return true;
    world_crash(world, drill->holder);
    bool fine = drill_wait_any(drill, 2 * drill->lease + 500);
    return drill_expect(drill, fine, "view-false",
                        "status said that a crash of the holder is survived; nobody holds");
}
