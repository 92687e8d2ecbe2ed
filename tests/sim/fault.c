#include "fault.h"

#include <string.h>

#include "cluster.h"
#include "lie.h"

static const struct {
    const char *name;
    uint32_t weight;
    const char *what;
} table[FAULT_KIND_COUNT] = {
#define X(code, name, weight, what) {name, weight, what},
    FAULT_TABLE(X)
#undef X
};

static const char *const names[SLOT_COUNT] = {"server1", "server2", "witness", "old witness"};

const char *fault_name(enum fault_kind kind)
{
    return table[kind].name;
}

uint32_t fault_weight(enum fault_kind kind)
{
    return table[kind].weight;
}

void fault_print(FILE *out, const struct fault *fault)
{
    fprintf(out, "[%lld] fault %s: %s (%s, %s, %d) for %lld ms\n", (long long)(fault->at / 1000),
            fault_name(fault->kind), table[fault->kind].what, names[fault->peer],
            names[fault->other], fault->amount, (long long)(fault->length / 1000));
}

static bool apply(struct cluster *cluster, const struct fault *fault, bool end)
{
    if (fault->kind == FAULT_LIE)
        return end || lie_tell(cluster, fault);
    if (fault->kind <= FAULT_REPLAY)
        return fault_net(cluster, fault, end);
    if (fault->kind <= FAULT_UNFIT)
        return fault_peer(cluster, fault, end);
    if (fault->kind >= FAULT_DNS_SLOW && fault->kind <= FAULT_DNS_DRIFT)
        return fault_dns(cluster, fault, end);
    return fault_operator(cluster, fault, end);
}

void fault_begin(struct cluster *cluster, uint32_t index)
{
    const struct fault *fault = &cluster->script.faults[index];
    struct world *world = &cluster->world;
    if (world->now < cluster->believe_until || !apply(cluster, fault, false)) {
        cluster->sums.skipped++;
        return;
    }
    if (cluster->options.loud)
        fault_print(stdout, fault);
    cluster->sums.faults++;
    cluster->sums.faults_by_kind[fault->kind]++;
    cluster->active[index] = true;
    struct world_event *event = world_plan(world, WORLD_UNDO, fault->peer, fault->length);
    if (event == NULL)
        return;
    event->index = index;
    event_plan(&world->queue, event);
}

void fault_end(struct cluster *cluster, uint32_t index)
{
    if (!cluster->active[index])
        return;
    cluster->active[index] = false;
    cluster->calm_since = cluster->world.now;
    (void)apply(cluster, &cluster->script.faults[index], true);
}

static void order(struct world *world, uint8_t slot, enum order order, span_ms span)
{
    world_event(world, slot,
                &(struct event){.kind = EVENT_ORDER,
                                .order = {.order = order, .peer = PEER_NONE, .span_ms = span}});
}

/* What an operator does when everything else works again. */
static void tidy_up(struct cluster *cluster, uint8_t slot)
{
    struct world *world = &cluster->world;
    struct world_peer *p = &world->peers[slot];
    bool outdated = p->up && p->members_running != cluster->members_newest;
    if (p->up && (outdated || cluster->restored[slot] || p->core.evidence.frozen))
        world_crash(world, slot);
    p->members_set = cluster->members_newest;
    cluster->restored[slot] = false;
    world_start(world, slot);
    world_fit(world, slot, true);
    if (p->core.force.on || p->core.force.seen_from != PEER_NONE)
        order(world, slot, ORDER_RELEASE, 0);
    if (slot < NODE_COUNT && p->core.merit.maintenance_until != MONO_LONG_AGO)
        order(world, slot, ORDER_MAINTENANCE, 0);
    if (pause_is_on(&p->core.pause, world_clock(world, slot)))
        order(world, slot, ORDER_PAUSE, 0);
}

void fault_stop(struct cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->script.count; i++)
        fault_end(cluster, i);
}

void fault_heal(struct cluster *cluster)
{
    struct world *world = &cluster->world;
    if (world->peers[3].up)
        world_crash(world, 3);
    for (uint8_t slot = 0; slot < PEER_COUNT && world->liar != PEER_NONE; slot++) {
        world->peers[slot].wall_offset_s = 0; /* the key is replaced, everybody starts anew */
        world_crash(world, slot);
    }
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        tidy_up(cluster, slot);
}
