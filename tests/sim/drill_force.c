/* Drills about forced takeovers (rule N11). The operator is wrong each time: what the rule promises
 * then is that the cluster finds back to one holder by itself, and that nobody overrules the
 * word. */
#include "drill.h"

/* The other node is cut off until it could be made holder by force. */
static bool alone(const struct drill *drill)
{
    drill_isolate(drill, drill->other, 1);
    return drill_pass(drill, drill->lease * 13 / 10);
}

static bool is_forced(const struct drill *drill)
{
    return drill->world->peers[drill->other].core.force.on;
}

/* Whole again: the holder gives way, and the forced one becomes an ordinary one. */
bool drill_forced(const struct drill *drill)
{
    if (!alone(drill))
        return false;
    drill_order(drill, drill->other, ORDER_FORCE, 0);
    if (!drill_pass_share(drill, 100, 1000))
        return false;
    drill_mend(drill);
    bool fine = drill_wait_any(drill, 3 * drill->lease) && drill_pass(drill, drill->lease);
    return drill_expect(drill, fine && !is_forced(drill), "forced-forever",
                        "whole again, and a forced takeover goes on");
}

/* A voter that the forced one hears backs the holder, which hears neither of them any more, and
 * which soon nobody hears: after a lease of that the forced takeover is over. */
bool drill_forced_refused(const struct drill *drill)
{
    struct world *world = drill->world;
    const struct core *forced = &world->peers[drill->other].core;
    const struct core *witness = &world->peers[PEER_WITNESS].core;
    span_ms refused = 0; /* for so long already */
    if (!alone(drill))
        return false;
    drill_order(drill, drill->other, ORDER_FORCE, 0);
    bool fine = drill_pass(drill, drill->lease / 10);
    drill_mend(drill);
    drill_cut_in(drill, drill->holder, 1);
    drill_cut(drill, drill->holder, drill->other, 1);
    for (span_ms at = 0; fine && is_forced(drill) && at < 3 * drill->lease; at += 10) {
        mono_ms there = world_clock(world, PEER_WITNESS), here = world_clock(world, drill->other);
        bool hears = echo_is_fresh(&forced->echo, PEER_WITNESS, here, drill->lease);
        bool refuses = voter_says(&witness->voter, there).holder == drill->holder;
        refused = hears && refuses ? refused + 10 : 0;
        if (at / 10 == drill->lease * 4 / 100)
            drill_cut_out(drill, drill->holder, 1);
        fine = drill_expect(drill, refused < drill->lease * 12 / 10, "forced-forever",
                            "a voter backs the other one, and a forced takeover goes on") &&
               drill_pass(drill, 10);
    }
    return !check_failed(world);
}

/* The word of the operator there counts until the operator here takes it back. */
bool drill_forced_waits(const struct drill *drill)
{
    struct world *world = drill->world;
    world_crash(world, PEER_WITNESS);
    world_crash(world, drill->holder);
    bool fine = drill_pass(drill, drill->lease * 13 / 10);
    drill_order(drill, drill->other, ORDER_FORCE, 0);
    fine = fine && drill_pass(drill, drill->lease / 10);
    world_start(world, drill->holder);
    fine = fine && drill_pass(drill, drill->lease * 6 / 10); /* still silent: it backs nobody */
    drill_isolate(drill, drill->other, 1);
    world_start(world, PEER_WITNESS);
    fine = fine && drill_pass(drill, 3 * drill->lease);
    return drill_expect(drill, fine && world_holder(world) == PEER_NONE, "forced-overruled",
                        "a node claimed against a forced takeover");
}

/* As soon as it is allowed, and then it is no broken promise. */
bool drill_forced_early(const struct drill *drill)
{
    bool fine = drill_pass_share(drill, 0, 200);
    drill->world->net.delay_min = drill->lease / 20; /* promise and freshness end apart */
    drill->world->net.delay_max = drill->lease / 10;
    fine = fine && drill_pass(drill, drill->lease);
    drill_isolate(drill, drill->other, 1);
    for (span_ms at = 0; fine && !is_forced(drill) && at < 2 * drill->lease; at += 5) {
        drill_order(drill, drill->other, ORDER_FORCE, 0);
        fine = drill_pass(drill, 5);
    }
    drill->world->net.delay_min = 1;
    drill->world->net.delay_max = 20;
    return drill_expect(drill, fine && is_forced(drill), "forced-refused",
                        "a forced takeover is never allowed");
}
