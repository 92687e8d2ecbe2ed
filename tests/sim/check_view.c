/* What status says must be true when it is said. */
#include "world.h"

#include "../../proto/view.h"

static const char *const names[SLOT_COUNT] = {"server1", "server2", "witness", "old witness"};

static void check_own(struct world *world, uint8_t slot, const struct view *view)
{
    bool says = view->standing == STANDING_HOLDER;
    bool holds = slot < NODE_COUNT && check_holds(world, slot);
    if (says && !holds)
        check_fail(world, "view-false", "%s says that it holds, and does not", names[slot]);
    if (!says && holds)
        check_fail(world, "view-false", "%s holds, and says that it does not", names[slot]);
    if (says && view->holder != world_role(slot))
        check_fail(world, "view-false", "%s holds, and names another holder", names[slot]);
    if (says && view->epoch != world->check.nodes[slot].report.epoch)
        check_fail(world, "view-false", "%s shows another epoch than it holds", names[slot]);
    if (says && view->lease_left_ms > world->check.nodes[slot].report.holds_until - view->now)
        check_fail(world, "view-false", "%s shows more lease than it has", names[slot]);
}

/* "The other node holds" is hearsay, at most a lease old. */
static void check_hearsay(struct world *world, uint8_t slot, const struct view *view)
{
    if (view->holder >= NODE_COUNT || view->holder == world_role(slot))
        return;
    const struct check_node *seen = &world->check.nodes[view->holder];
    span_ms lease_ms = world->settings.lease_ms * 5 / 2; /* the longest of the settings played */
    true_us old = world->now - 2 * lease_ms * 1000;
    const struct world_peer *p = &world->peers[slot];
    if (p->guest_thawed_at > old)
        return; /* its clock stood still with it: it cannot know how old its news are */
    bool slept = seen->report.standing == STANDING_HOLDER; /* its end is not reported yet */
    if (slept && world_clock(world, view->holder) < seen->report.holds_until + 2 * lease_ms)
        return;
    if (!check_holds(world, view->holder) && seen->demoted_at < old &&
        seen->report.standing != STANDING_FORCED && !world->check.memory_restored)
        check_fail(world, "view-false", "%s says that %s holds, which is long over", names[slot],
                   names[view->holder]);
}

void check_view(struct world *world, uint8_t slot)
{
    const struct world_peer *p = &world->peers[slot];
    struct view view;
    if (!p->up || p->frozen)
        return;
    view_make(&p->core, world_clock(world, slot), &view);
    world->check.sums.views++;
    check_own(world, slot, &view);
    check_hearsay(world, slot, &view);
}

bool check_says_survivable(const struct world *world, uint8_t slot, uint8_t holder)
{
    const struct world_peer *p = &world->peers[slot];
    struct view view;
    if (!p->up || p->frozen)
        return false;
    view_make(&p->core, world_clock(world, slot), &view);
    return view.crash_survivable && view.holder == holder;
}
