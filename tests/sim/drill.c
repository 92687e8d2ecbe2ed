#include "drill.h"

#include <string.h>

#define REST_LEASES 5 /* between two drills; what was late has come by then */

static const struct {
    const char *name;
    bool (*play)(const struct drill *drill);
    bool needs_cas;
} table[DRILL_COUNT] = {
#define X(name, what, cas) {#name, drill_##name, cas},
    DRILL_TABLE(X)
#undef X
};

bool drill_pass(const struct drill *drill, span_ms ms)
{
    return world_run(drill->world, drill->world->now + ms * 1000);
}

bool drill_pass_share(const struct drill *drill, span_ms from_ppt, span_ms to_ppt)
{
    span_ms share = world_draw(drill->world, from_ppt, to_ppt);
    return drill_pass(drill, drill->lease * share / 1000);
}

bool drill_expect(const struct drill *drill, bool truth, const char *checker, const char *what)
{
    if (!truth)
        check_fail(drill->world, checker, "drill: %s", what);
    return !check_failed(drill->world);
}

bool drill_wait_holder(const struct drill *drill, uint8_t node, span_ms limit_ms)
{
    true_us end = drill->world->now + limit_ms * 1000;
    while (world_holder(drill->world) != node && drill->world->now < end)
        if (!drill_pass(drill, 5))
            return false;
    return world_holder(drill->world) == node;
}

bool drill_wait_any(const struct drill *drill, span_ms limit_ms)
{
    true_us end = drill->world->now + limit_ms * 1000;
    while (world_holder(drill->world) >= NODE_COUNT && drill->world->now < end)
        if (!drill_pass(drill, 5))
            return false;
    return world_holder(drill->world) < NODE_COUNT;
}

bool drill_stays(const struct drill *drill, uint8_t node, span_ms ms)
{
    const struct check_sums before = drill->world->check.sums;
    if (!drill_pass(drill, ms) || world_holder(drill->world) != node)
        return false;
    const struct check_sums after = drill->world->check.sums;
    return after.elections == before.elections && after.lapses == before.lapses;
}

void drill_cut(const struct drill *drill, uint8_t from, uint8_t to, int by)
{
    uint8_t *cuts = &drill->world->net.cut[from][to];
    if (from != to)
        *cuts = (uint8_t)(*cuts + by);
}

void drill_cut_in(const struct drill *drill, uint8_t peer, int by)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        drill_cut(drill, i, peer, by);
}

void drill_cut_out(const struct drill *drill, uint8_t peer, int by)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        drill_cut(drill, peer, i, by);
}

void drill_isolate(const struct drill *drill, uint8_t peer, int by)
{
    drill_cut_in(drill, peer, by);
    drill_cut_out(drill, peer, by);
}

void drill_fence(const struct drill *drill, uint64_t above)
{
    struct world *world = drill->world;
    const struct numbers *known = &world->peers[drill->holder].core.numbers;
    uint64_t highest = known->seen > known->fence ? known->seen : known->fence;
    struct event event = {.kind = EVENT_FENCE, .fence.epoch = highest + above};
    world_event(world, drill->holder, &event);
}

void drill_mend(const struct drill *drill)
{
    memset(drill->world->net.cut, 0, sizeof drill->world->net.cut);
}

void drill_order(const struct drill *drill, uint8_t slot, enum order order, span_ms span)
{
    world_event(drill->world, slot,
                &(struct event){.kind = EVENT_ORDER,
                                .order = {.order = order, .peer = PEER_NONE, .span_ms = span}});
}

bool drill_fault(const struct drill *drill, enum fault_kind kind, uint8_t peer, span_ms length)
{
    struct fault fault = {
        .kind = kind, .peer = peer, .at = drill->world->now, .length = length * 1000};
    return fault_peer(drill->cluster, &fault, false);
}

/* The limits are of one lease, and of a cluster that moves for a reason only. */
static bool is_stage(const struct cluster *cluster)
{
    const struct world *world = &cluster->world;
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        if (world->peers[slot].core.settings.lease_ms != world->settings.lease_ms)
            return false;
    return world_holder(world) < NODE_COUNT && world->peers[0].settings.prefer == PEER_NONE &&
           !world->check.memory_restored;
}

/* What a drill changed and the heal does not know of. */
static void clear(const struct drill *drill)
{
    struct world *world = drill->world;
    drill_mend(drill);
    world->zone.write_late_ms = 0;
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++) {
        struct world_peer *p = &world->peers[slot];
        p->disk.delay_min = 5;
        p->disk.delay_max = 20;
        p->disk.failing = 0;
        world_thaw(world, slot);
        if (p->up && p->core.settings.lease_ms != drill->lease)
            world_crash(world, slot);
        p->settings.lease_ms = drill->lease;
        p->settings.demote_lead_ms = world->settings.demote_lead_ms;
    }
}

bool drill_play(struct cluster *cluster, enum drill_kind kind)
{
    struct world *world = &cluster->world;
    struct drill drill = {.cluster = cluster,
                          .world = world,
                          .lease = world->settings.lease_ms,
                          .holder = world_holder(world)};
    drill.other = (uint8_t)(1 - drill.holder);
    if (!is_stage(cluster) || (world->zone.no_cas && table[kind].needs_cas))
        return true;
    if (cluster->options.loud)
        printf("[%lld] drill %s\n", (long long)(world->now / 1000), table[kind].name);
    cluster->sums.drills++;
    if (!table[kind].play(&drill) || check_failed(world))
        return false;
    clear(&drill);
    fault_heal(cluster);
    bool holds = drill_wait_any(&drill, 3 * drill.lease);
    return drill_expect(&drill, holds, "liveness", "nobody holds after the drill") &&
           drill_pass(&drill, REST_LEASES * drill.lease);
}

bool drill_play_all(struct cluster *cluster, true_us end)
{
    struct world *world = &cluster->world;
    uint8_t order[DRILL_COUNT];
    for (unsigned i = 0; i < DRILL_COUNT; i++)
        order[i] = (uint8_t)i;
    while (world->now < end) {
        for (unsigned i = DRILL_COUNT - 1; i > 0; i--) {
            uint8_t at = (uint8_t)world_draw(world, 0, i), taken = order[i];
            order[i] = order[at];
            order[at] = taken;
        }
        for (unsigned i = 0; i < DRILL_COUNT && world->now < end; i++)
            if (!drill_play(cluster, order[i]))
                return false;
    }
    return !check_failed(world);
}

enum drill_kind drill_named(const char *name)
{
    enum drill_kind kind = 0;
    while (kind < DRILL_COUNT && strcmp(table[kind].name, name) != 0)
        kind++;
    return kind;
}
