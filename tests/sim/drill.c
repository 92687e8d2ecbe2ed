#include "drill.h"

#include <stdio.h>
#include <string.h>

struct drill {
    struct world *world;
    span_ms lease;
    uint8_t holder, other; /* nodes, as the drill begins */
};

static bool pass(const struct drill *drill, span_ms ms)
{
    return world_run(drill->world, drill->world->now + ms * 1000);
}

static bool expect(const struct drill *drill, bool truth, const char *checker, const char *what)
{
    if (!truth)
        check_fail(drill->world, checker, "drill: %s", what);
    return truth && !check_failed(drill->world);
}

/* Runs until `node` holds, at most so long. */
static bool wait_holder(const struct drill *drill, uint8_t node, span_ms limit_ms)
{
    true_us end = drill->world->now + limit_ms * 1000;
    while (world_holder(drill->world) != node && drill->world->now < end)
        if (!pass(drill, 5))
            return false;
    return world_holder(drill->world) == node;
}

static bool wait_any(const struct drill *drill, span_ms limit_ms)
{
    true_us end = drill->world->now + limit_ms * 1000;
    while (world_holder(drill->world) >= NODE_COUNT && drill->world->now < end)
        if (!pass(drill, 5))
            return false;
    return world_holder(drill->world) < NODE_COUNT;
}

/* The holder goes on without a lapse and without a second election for so long. */
static bool stays(const struct drill *drill, uint8_t node, span_ms ms)
{
    const struct check_sums before = drill->world->check.sums;
    if (!pass(drill, ms) || world_holder(drill->world) != node)
        return false;
    const struct check_sums after = drill->world->check.sums;
    return after.elections == before.elections && after.lapses == before.lapses;
}

static void cut(const struct drill *drill, uint8_t from, uint8_t to, int by)
{
    uint8_t *cuts = &drill->world->net.cut[from][to];
    *cuts = (uint8_t)(*cuts + by);
}

static void cut_in(const struct drill *drill, uint8_t peer, int by)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (i != peer)
            cut(drill, i, peer, by);
}

static void cut_out(const struct drill *drill, uint8_t peer, int by)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (i != peer)
            cut(drill, peer, i, by);
}

static void give(const struct drill *drill, uint8_t slot, enum order order, span_ms span)
{
    world_event(drill->world, slot,
                &(struct event){.kind = EVENT_ORDER,
                                .order = {.order = order, .peer = PEER_NONE, .span_ms = span}});
}

static bool deaf(const struct drill *drill)
{
    cut_in(drill, drill->holder, 1);
    bool fine = wait_holder(drill, drill->other, drill->lease * 17 / 10);
    cut_in(drill, drill->holder, -1);
    return expect(drill, fine, "takeover-late", "the holder is deaf, the other took too long");
}

/* A node that stood still often lets a quarter of its lease pass first: hence half a lease more. */
static bool isolated(const struct drill *drill)
{
    cut_in(drill, drill->holder, 1);
    cut_out(drill, drill->holder, 1);
    bool fine = wait_holder(drill, drill->other, drill->lease * 3 / 2 + 300);
    cut_in(drill, drill->holder, -1);
    cut_out(drill, drill->holder, -1);
    return expect(drill, fine, "takeover-late", "the holder is cut off, the other took too long");
}

static bool crashed(const struct drill *drill)
{
    world_crash(drill->world, drill->holder);
    bool fine = wait_holder(drill, drill->other, drill->lease * 3 / 2 + 300);
    return expect(drill, fine, "takeover-late", "the holder crashed, the other took too long");
}

static bool switched(const struct drill *drill)
{
    give(drill, drill->holder, ORDER_HANDOVER, 0);
    bool fine = wait_holder(drill, drill->other, drill->lease * 4 / 10 +
                            drill->world->peers[drill->holder].core.settings.demote_lead_ms);
    if (!expect(drill, fine, "handover-late", "a switchover took too long"))
        return false;
    return expect(drill, stays(drill, drill->other, 4 * drill->lease), "handover-late",
                  "a switchover did not last");
}

/* The nodes' own link is cut: nothing moves by itself, and what is ordered does. */
static bool link_cut(const struct drill *drill)
{
    cut(drill, 0, 1, 1);
    cut(drill, 1, 0, 1);
    bool fine = expect(drill, stays(drill, drill->holder, 3 * drill->lease), "link-cut",
                       "the nodes' link was cut, and something moved") &&
                switched(drill);
    cut(drill, 0, 1, -1);
    cut(drill, 1, 0, -1);
    return fine;
}

/* One voter away and back; then the other one dies. */
static bool standby_back(const struct drill *drill)
{
    cut_in(drill, drill->other, 1);
    cut_out(drill, drill->other, 1);
    bool fine = pass(drill, 7 * drill->lease / 2);
    cut_in(drill, drill->other, -1);
    cut_out(drill, drill->other, -1);
    fine = fine && pass(drill, 2 * drill->lease);
    world_crash(drill->world, PEER_WITNESS);
    return expect(drill, fine && stays(drill, drill->holder, 3 * drill->lease), "standby-lost",
                  "a standby that was away does not back the holder");
}

static bool quick_restart(const struct drill *drill)
{
    const struct check_sums *sums = &drill->world->check.sums;
    uint64_t elections = sums->elections;
    world_crash(drill->world, drill->holder);
    bool fine = pass(drill, drill->lease / 10);
    world_start(drill->world, drill->holder);
    fine = fine && wait_holder(drill, drill->holder, drill->lease * 6 / 10) &&
           stays(drill, drill->holder, 3 * drill->lease) && sums->elections == elections + 1;
    return expect(drill, fine, "restart-moved", "a quick restart of the holder moved something");
}

/* Without the witness, both nodes anew. */
static bool two_left(const struct drill *drill)
{
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        world_crash(drill->world, slot);
    bool fine = pass(drill, drill->lease / 5);
    world_start(drill->world, 0);
    world_start(drill->world, 1);
    return expect(drill, fine && wait_any(drill, 3 * drill->lease), "liveness",
                  "two nodes alone elect nobody");
}

/* A fence of a former cluster, above all known numbers. */
static bool foreign_fence(const struct drill *drill)
{
    struct zone *zone = &drill->world->zone;
    const struct standing_report *report = &drill->world->check.nodes[drill->holder].report;
    uint64_t epoch = report->epoch + 1001 - report->epoch % 2;
    snprintf(zone->fence, sizeof zone->fence, "v=1;e=%llu;h=%s;t=00000000deadbeef",
             (unsigned long long)epoch, "server2");
    zone->epoch = epoch;
    zone->owner = 1;
    zone->drifted_at = drill->world->now;
    bool fine = pass(drill, 45000 + 2 * drill->lease);
    return expect(drill, fine && zone->epoch > epoch &&
                  zone->owner == world_holder(drill->world),
                  "record-stale", "a foreign fence was not numbered above");
}

/* Everybody restarts in a pause: nobody takes over; resumed: somebody holds. */
static bool paused(const struct drill *drill)
{
    give(drill, PEER_WITNESS, ORDER_PAUSE, 60 * drill->lease);
    bool fine = pass(drill, drill->lease);
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        world_crash(drill->world, slot);
    fine = fine && pass(drill, drill->lease / 5);
    world_start(drill->world, PEER_WITNESS);
    world_start(drill->world, drill->other);
    fine = fine && pass(drill, 3 * drill->lease);
    if (!expect(drill, fine && world_holder(drill->world) == PEER_NONE, "pause-broken",
                "somebody took over in a pause"))
        return false;
    give(drill, drill->other, ORDER_PAUSE, 0);
    return expect(drill, wait_holder(drill, drill->other, drill->lease), "pause-broken",
                  "nobody holds after the pause");
}

static bool unfit(const struct drill *drill)
{
    span_ms min_hold = drill->world->peers[drill->holder].core.settings.min_hold_ms;
    span_ms longest = min_hold == 0 ? 0 : 3600000;
    if (longest != 0)
        return true; /* how long is the flap damping's affair: checker "flaps" */
    world_fit(drill->world, drill->holder, false);
    bool fine = wait_holder(drill, drill->other, 2 * drill->lease);
    world_fit(drill->world, drill->holder, true);
    return expect(drill, fine, "handover-late", "an unfit holder does not hand over");
}

/* The disk of a voter fails for a while; then it votes as before. */
static bool disk_fails(const struct drill *drill)
{
    drill->world->peers[drill->other].disk.failing++;
    drill->world->peers[PEER_WITNESS].disk.failing++;
    world_crash(drill->world, drill->holder);
    bool fine = pass(drill, 2 * drill->lease);
    fine = fine && world_holder(drill->world) == PEER_NONE;
    drill->world->peers[drill->other].disk.failing--;
    drill->world->peers[PEER_WITNESS].disk.failing--;
    if (!expect(drill, fine, "promise-unstored", "somebody holds with nothing on any disk"))
        return false;
    return expect(drill, wait_holder(drill, drill->other, 2 * drill->lease), "liveness",
                  "disks work again, and nobody takes over");
}

bool drill_play(struct cluster *cluster, uint64_t draw)
{
    static bool (*const drills[])(const struct drill *) = {
        deaf,     isolated,      crashed, switched, link_cut, standby_back,
        two_left, foreign_fence, paused,  unfit,    quick_restart, disk_fails};
    struct world *world = &cluster->world;
    struct drill drill = {.world = world,
                          .lease = world->settings.lease_ms,
                          .holder = world_holder(world)};
    drill.other = (uint8_t)(1 - drill.holder);
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        if (world->peers[slot].core.settings.lease_ms != drill.lease)
            return true; /* the limits below are of one lease */
    if (drill.holder >= NODE_COUNT || world->peers[0].settings.prefer != PEER_NONE ||
        world->check.memory_restored || (world->zone.no_cas && draw % 12 == 7))
        return true;
    if (!drills[draw % (sizeof drills / sizeof drills[0])](&drill))
        return false;
    fault_heal(cluster);
    return expect(&drill, wait_any(&drill, 3 * drill.lease), "liveness",
                  "nobody holds after the drill") && pass(&drill, 5 * drill.lease);
}
