/* Permits: asked at any instant, also before the first step after a stand-still, and kept as long
 * as the product says that they hold. Each must be covered by what the checkers know by
 * themselves. */
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

/* What forbids any effect now, or NULL. */
static const char *forbids(const struct world *world, uint8_t node, mono_ms now)
{
    const struct standing_report *report = &world->check.nodes[node].report;
    if (pause_is_on(&world->peers[node].core.pause, now))
        return "in a pause";
    if (report->leaving)
        return "while leaving";
    if (report->standing == STANDING_FORCED)
        return NULL;
    return check_holds(world, node) ? NULL : "without a lease";
}

static bool closes(const struct world *world, uint8_t node, mono_ms now)
{
    const struct standing_report *report = &world->check.nodes[node].report;
    return report->standing == STANDING_HOLDER && now >= report->lead_at;
}

static void check_new(struct world *world, uint8_t node, mono_ms now)
{
    const struct world_peer *p = &world->peers[node];
    const struct check_node *seen = &world->check.nodes[node];
    const struct standing_report *report = &seen->report;
    const char *what = forbids(world, node, now);
    if (what == NULL && report->standing == STANDING_FORCED)
        return;
    if (what == NULL && closes(world, node, now))
        what = "while it closes its services";
    else if (what == NULL && report->holds_until - now < PERMIT_LEFT_MS_MIN)
        what = "with too little lease left";
    else if (what == NULL && now - seen->proof_sent >= proof_age_max(&p->core.settings) + 2)
        what = "with an old proof";
    else if (what == NULL && slept_long(p) && seen->proof_sent < p->thawed_local)
        what = "without a proof since it stood still";
    if (what != NULL)
        check_fail(world, "stale-permit", "%s gets a permit %s", names[node], what);
}

static void check_kept(struct world *world, uint8_t node, mono_ms now)
{
    const struct world_peer *p = &world->peers[node];
    const struct check_node *seen = &world->check.nodes[node];
    const char *what = forbids(world, node, now);
    if (what == NULL && seen->report.epoch != seen->kept.epoch)
        what = "under another number";
    else if (what == NULL && now >= seen->kept.given + PERMIT_NEED_MS_MAX)
        what = "after its own time";
    else if (what == NULL && slept_long(p) && seen->kept.given < p->thawed_local)
        what = "from before it stood still";
    if (what != NULL)
        check_fail(world, "effect-outside-lease", "a permit of %s still holds %s", names[node],
                   what);
    else if (closes(world, node, now))
        check_fail(world, "effect-in-lead", "a permit of %s still holds while it closes its "
                   "services", names[node]);
}

void check_permit(struct world *world, uint8_t node)
{
    const struct world_peer *p = &world->peers[node];
    struct check_node *seen = &world->check.nodes[node];
    enum reason reason;
    if (!p->up || p->frozen || check_failed(world))
        return;
    mono_ms now = world_clock(world, node);
    seen->keeps = seen->keeps && core_permit_holds(&p->core, now, &seen->kept);
    if (seen->keeps)
        check_kept(world, node, now);
    struct permit permit;
    if (!core_permit(&p->core, now, PERMIT_NEED_MS_MAX, &permit, &reason))
        return;
    check_new(world, node, now);
    if (!seen->keeps)
        seen->kept = permit;
    seen->keeps = true;
}
