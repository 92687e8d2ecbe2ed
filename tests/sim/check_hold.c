/* Who holds: never two, numbers rise, services of the old holder are closed before the new
 * holder's are opened. */
#include "world.h"

#define LATE_US 5000 /* a lapse noticed so soon after a thaw was slept through */
#define PROMOTE_DELAY_MS 500

static const char *const names[NODE_COUNT] = {"server1", "server2"};

static long long ms(const struct world *world)
{
    return (long long)(world->now / 1000);
}

bool check_holds(const struct world *world, uint8_t node)
{
    const struct check_node *seen = &world->check.nodes[node];
    return world->peers[node].up && seen->report.standing == STANDING_HOLDER &&
           world_clock(world, node) < seen->report.holds_until;
}

uint8_t check_holder(const struct world *world)
{
    uint8_t holder = PEER_NONE;
    for (uint8_t node = 0; node < NODE_COUNT; node++)
        if (check_holds(world, node))
            holder = holder == PEER_NONE ? node : HOLDER_BOTH;
    return holder;
}

bool check_is_tainted(const struct world *world, uint8_t node)
{
    const struct check_node *seen = &world->check.nodes[node];
    const struct world_peer *p = &world->peers[node];
    return seen->tainted && (p->clock_stopped || world_clock(world, node) < seen->taint_until);
}

static void check_overlap(struct world *world, uint8_t node)
{
    uint8_t other = (uint8_t)(1 - node);
    struct check *check = &world->check;
    if (!check_holds(world, node) || !check_holds(world, other))
        return;
    if (check_is_tainted(world, node) || check_is_tainted(world, other)) {
        check->sums.apart_overlaps++;
        return;
    }
    check_fail(world, "two-holders", "%s under %llu and %s under %llu at %lld ms", names[node],
               (unsigned long long)check->nodes[node].report.epoch, names[other],
               (unsigned long long)check->nodes[other].report.epoch, ms(world));
}

/* A number is elected once, for one node, above all earlier ones. A number taken by force is an
 * operator's word and may leave the order; a disk that was rolled back cannot know better, and the
 * fence in the DNS puts that right. */
static void check_epoch(struct world *world, uint8_t node, uint64_t epoch)
{
    struct check *check = &world->check;
    bool apart = check_is_tainted(world, node) || check_is_tainted(world, (uint8_t)(1 - node));
    if (epoch <= check->epoch_last && check->epoch_last > check->forgotten &&
        check->epoch_last != check->forced_last && !apart)
        check_fail(world, "epoch-order", "%s holds %llu after %llu at %lld ms", names[node],
                   (unsigned long long)epoch, (unsigned long long)check->epoch_last, ms(world));
    check->epoch_last = epoch;
    check->epoch_owner = node;
}

static void plan_promotion(struct world *world, uint8_t node, bool after_release)
{
    struct world_event *event = world_plan(
        world, WORLD_PROMOTE, node, after_release ? 0 : PROMOTE_DELAY_MS * (true_us)1000);
    if (event != NULL)
        event_plan(&world->queue, event);
}

static void elected(struct world *world, uint8_t node, const struct standing_report *report)
{
    struct check *check = &world->check;
    uint8_t other = (uint8_t)(1 - node);
    check->sums.elections++;
    if (check->holder_last != PEER_NONE && check->holder_last != node)
        check->sums.moves++;
    check->holder_last = node;
    bool forgot = check->crashed_last == node; /* a new life: its own services are closed, too */
    bool apart = check_is_tainted(world, node); /* slept through a lease with its clock */
    if (report->after_release && !check->released_last && !forgot && !apart)
        check_fail(world, "after-release",
                   "%s opens its services at once, but nobody gave up on purpose", names[node]);
    if (report->after_release && check->nodes[other].demoted_at > world->now)
        check_fail(world, "demotion",
                   "%s opens its services at once, but %s still closes its own at %lld ms",
                   names[node], names[other], ms(world));
    plan_promotion(world, node, report->after_release);
}

/* Acting under that number is over. */
static void note_end(struct check *check, const struct standing_report *before)
{
    if (before->epoch < check->ended_last)
        return;
    check->ended_last = before->epoch;
    check->released_last = before->leaving;
    check->crashed_last = PEER_NONE;
}

/* The lease ran out or was given up: when are the services closed for sure? By a running process
 * at the lead before the end; by one that slept through it, a lead after it woke up. */
static void ended(struct world *world, uint8_t node, const struct standing_report *before)
{
    struct check *check = &world->check;
    const struct world_peer *p = &world->peers[node];
    check->nodes[node].demoted_at = world->now;
    note_end(check, before);
    if (before->leaving)
        return;
    check->sums.lapses++;
    if (world_clock(world, node) >= before->holds_until &&
        check->nodes[node].report.since != before->holds_until)
        check_fail(world, "view-false", "%s tells the end of its lease %lld ms off", names[node],
                   (long long)(check->nodes[node].report.since - before->holds_until));
    if (world->now - p->thawed_at < LATE_US)
        check->nodes[node].demoted_at += p->core.settings.demote_lead_ms * 1000;
}

static void check_report(struct world *world, uint8_t node, const struct standing_report *report)
{
    if (report->standing != STANDING_HOLDER)
        return;
    span_ms lead_ms = world->peers[node].core.settings.demote_lead_ms;
    if (report->holds_until - report->lead_at < lead_ms)
        check_fail(world, "demotion", "%s would close its services only %lld ms before the end",
                   names[node], (long long)(report->holds_until - report->lead_at));
    if (statement_epoch_owner(report->epoch) != node)
        check_fail(world, "epoch-order", "%s holds a number of the other node", names[node]);
}

static bool acts(enum standing standing)
{
    return standing == STANDING_HOLDER || standing == STANDING_FORCED;
}

void check_stepped(struct world *world, uint8_t slot, const struct outcome *outcome)
{
    struct check *check = &world->check;
    if (slot >= NODE_COUNT) {
        if (outcome->standing.standing != STANDING_WITNESS)
            check_fail(world, "two-holders", "a witness stands as %d", outcome->standing.standing);
        return;
    }
    struct check_node *seen = &check->nodes[slot];
    struct standing_report before = seen->report;
    const struct standing_report *report = &outcome->standing;
    seen->report = *report;
    bool held = before.standing == STANDING_HOLDER, holds = report->standing == STANDING_HOLDER;
    if (report->standing == STANDING_FORCED && report->epoch > check->forced_last)
        check->forced_last = check->epoch_last = report->epoch;
    if (holds && (!held || report->epoch != before.epoch) &&
        before.standing != STANDING_FORCED)
        check_epoch(world, slot, report->epoch);
    if (holds && !held)
        elected(world, slot, report);
    else if (holds && report->epoch != before.epoch)
        check->sums.renumbered++;
    else if (held && !holds)
        ended(world, slot, &before);
    else if (acts(before.standing) && !acts(report->standing)) { /* it was forced */
        seen->demoted_at = world->now;
        note_end(check, &before);
    }
    if (holds) {
        check_report(world, slot, report);
        check_overlap(world, slot);
    }
}

void check_died(struct world *world, uint8_t slot)
{
    if (slot >= NODE_COUNT)
        return;
    struct check_node *seen = &world->check.nodes[slot];
    bool apart = check_is_tainted(world, slot), released = world->check.released_last;
    if (acts(seen->report.standing)) {
        seen->demoted_at = world->now;
        seen->report.leaving = false;
        note_end(&world->check, &seen->report);
        if (apart) /* it only believed in what it held */
            world->check.released_last = released;
        if (world->check.ended_last == seen->report.epoch)
            world->check.crashed_last = slot;
    }
    seen->report = (struct standing_report){.standing = STANDING_ALONE};
    seen->tainted = seen->keeps = false;
    seen->phase = CLAIM_NONE;
    seen->leaves = false;
}

void check_tainted(struct world *world, uint8_t slot)
{
    if (slot >= NODE_COUNT)
        return;
    struct check_node *seen = &world->check.nodes[slot];
    seen->keeps = false;
    seen->tainted = true; /* answers to what it said before may still come out of its buffer */
    seen->taint_until =
        world_clock(world, slot) + world->peers[slot].core.settings.lease_ms;
}

void check_promoted(struct world *world, uint8_t node)
{
    uint8_t other = (uint8_t)(1 - node);
    if (!check_holds(world, node) || !check_holds(world, other))
        return;
    if (!check_is_tainted(world, node) && !check_is_tainted(world, other))
        check_fail(world, "demotion", "%s opens its services while %s serves at %lld ms",
                   names[node], names[other], ms(world));
}
