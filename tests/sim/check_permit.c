/* Permits: asked at any instant, also before the first step after a stand-still. One that is given
 * must be covered by what the checkers know by themselves. */
#include "world.h"

static const char *const names[NODE_COUNT] = {"server1", "server2"};

static span_ms proof_age_max(const struct core_settings *settings)
{
    span_ms age = 2 * settings->interval_ms;
    if (age < 1000)
        age = 1000;
    return age < settings->lease_ms / 2 ? age : settings->lease_ms / 2;
}

/* Stood still so long that no tick explains it, and the clock ran on? */
static bool slept_long(const struct world_peer *p)
{
    const struct core_settings *settings = &p->core.settings;
    span_ms tick = settings->interval_ms * 5 / 4, quarter = settings->lease_ms / 4;
    span_ms threshold = quarter > tick ? quarter : tick;
    return p->slept_us > (threshold + settings->interval_ms * 6 / 5) * 1000;
}

void check_permit(struct world *world, uint8_t node)
{
    const struct world_peer *p = &world->peers[node];
    const struct check_node *seen = &world->check.nodes[node];
    const struct standing_report *report = &seen->report;
    struct permit permit;
    enum reason reason;
    if (!p->up || p->frozen || check_failed(world))
        return;
    mono_ms now = world_clock(world, node);
    if (!core_permit(&p->core, now, 1500, &permit, &reason))
        return;
    const char *what = NULL;
    if (pause_is_on(&p->core.pause, now))
        what = "in a pause";
    else if (report->leaving)
        what = "while leaving";
    else if (report->standing == STANDING_FORCED)
        return;
    else if (!check_holds(world, node))
        what = "without a lease";
    else if (now >= report->lead_at)
        what = "while it closes its services";
    else if (report->holds_until - now < PERMIT_LEFT_MS_MIN)
        what = "with too little lease left";
    else if (now - seen->proof_sent >= proof_age_max(&p->core.settings) + 2)
        what = "with an old proof";
    else if (slept_long(p) && seen->proof_sent < p->thawed_local)
        what = "without a proof since it stood still";
    if (what != NULL)
        check_fail(world, "stale-permit", "%s gets a permit %s", names[node], what);
}
