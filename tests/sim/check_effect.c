/* Effects: nothing leaves a node but under its lease, and the fence in the zone only grows. */
#include "world.h"

static const char *const names[NODE_COUNT] = {"server1", "server2"};

/* A process that stood still for longer than a quarter of its lease (and than a tick explains) must
 * have heard an answer to something it said since; that takes at least a millisecond each way. */
static void check_proof(struct world *world, uint8_t node)
{
    const struct world_peer *p = &world->peers[node];
    const struct core_settings *settings = &p->core.settings;
    span_ms long_ms = settings->lease_ms / 4 > settings->interval_ms * 5 / 4
                          ? settings->lease_ms / 4
                          : settings->interval_ms * 5 / 4;
    if (p->slept_us < (long_ms + settings->interval_ms * 6 / 5) * 1000)
        return; /* the tick before it may have been up to an interval earlier, or is no stall */
    if (world->now - p->thawed_at < 1500)
        check_fail(world, "effect-without-proof",
                   "%s sends a write just after it stood still, before it heard anybody",
                   names[node]);
}

void check_write_sent(struct world *world, uint8_t node, const struct zone_request *request)
{
    const struct check_node *seen = &world->check.nodes[node];
    const struct standing_report *report = &seen->report;
    mono_ms now = world_clock(world, node);
    world->check.sums.effects++;
    bool forced = report->standing == STANDING_FORCED;
    if (!forced && !check_holds(world, node))
        check_fail(world, "effect-outside-lease", "%s sends a write under %llu without a lease",
                   names[node], (unsigned long long)request->epoch);
    else if (report->leaving || report->epoch != request->epoch)
        check_fail(world, "effect-outside-lease", "%s sends a write under %llu while %s",
                   names[node], (unsigned long long)request->epoch,
                   report->leaving ? "leaving" : "holding another number");
    else if (!forced && now >= report->lead_at)
        check_fail(world, "effect-in-lead", "%s sends a write while it closes its services",
                   names[node]);
    else if (pause_is_on(&world->peers[node].core.pause, now))
        check_fail(world, "effect-outside-lease", "%s sends a write while paused", names[node]);
    check_proof(world, node);
}

struct zone_before check_zone_before(const struct world *world)
{
    return (struct zone_before){world->zone.epoch, world->zone.owner};
}

void check_zone_after(struct world *world, const struct zone_before *before,
                      const struct zone_request *request)
{
    struct check_sums *sums = &world->check.sums;
    bool late = world->peers[request->node].writer.number != request->number;
    bool taken = request->answered_ok;
    sums->late_writes += late && !taken;
    if (!taken)
        return;
    bool fell = request->epoch < before->epoch ||
                (request->epoch == before->epoch && request->node != before->owner);
    if (fell && world->zone.no_cas)
        sums->blind_writes++;
    else if (fell)
        check_fail(world, "fence-fell", "a write of %s under %llu landed on the fence %llu",
                   names[request->node], (unsigned long long)request->epoch,
                   (unsigned long long)before->epoch);
}
